#include "services/matchmaker/matching/search/planner_memory.h"

#include <algorithm>
#include <limits>

namespace mm::matching {
namespace {

constexpr std::int32_t kNeverDue = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kDueNow = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kPage = 16;  // milliseconds per calendar page

std::int32_t page_of(std::int64_t at) {
  return static_cast<std::int32_t>(at >= 0 ? at / kPage : (at - kPage + 1) / kPage);
}

/// The time at which the window of a ticket queued at `queued` reaches a neighbour at distance `gap`.
std::int64_t reaches_at(std::int32_t queued, Rating gap, const Format& format) {
  const BucketMs after = format.window.reaches(gap);
  return after == Window::kNever ? kNeverDue : std::min<std::int64_t>(queued + after, kNeverDue);
}

/// The time at which the window of a ticket reaches its next neighbour. Looks at the 32 nearest tickets on each side.
/// If all of them are within the window already, the answer is "at once" while the window still grows, which is nearly
/// true in such a dense part of the list.
std::int64_t next_neighbour_at(const SortedWaiters& sorted, SortedWaiters::Place place, std::int32_t now,
                               const Format& format) {
  constexpr int kNeighboursEachSide = 32;
  const Waiter& self = sorted.at(place);
  const Rating window = format.window.at(std::int64_t{now} - self.queued);
  if (format.window.reaches(window + 1) == Window::kNever) return kNeverDue;
  std::int64_t soonest = kNeverDue;
  int remaining = kNeighboursEachSide;
  for (auto above = sorted.next(place);; above = sorted.next(above)) {
    if (above == sorted.end()) break;
    if (remaining-- == 0) return kDueNow;
    const Rating gap = sorted.at(above).rating - self.rating;
    if (gap <= window) continue;
    soonest = reaches_at(self.queued, gap, format);
    break;
  }
  remaining = kNeighboursEachSide;
  for (auto below = place; below != sorted.begin();) {
    if (remaining-- == 0) return kDueNow;
    below = sorted.before(below);
    const Rating gap = self.rating - sorted.at(below).rating;
    if (gap > window) return std::min(soonest, reaches_at(self.queued, gap, format));
  }
  return soonest;
}

}  // namespace

void PlannerMemory::open(const Pool& pool, BucketMs now) {
  if (epoch_ != pool.epoch()) *this = {};
  epoch_ = pool.epoch();
  now_ = static_cast<std::int32_t>(std::clamp<BucketMs>(now - epoch_, kDueNow, kNeverDue - 1));
  ++tick_;
  tickets_.resize(pool.slots());
  const auto arrived = pool.arrived_since(arrivals_seen_);
  arrivals_seen_ = pool.arrivals();
  if (!arrived) full_pass_ = true;
  if (!full_pass_) due_.insert(due_.end(), arrived->begin(), arrived->end());
  collect_due();
  std::erase_if(due_, [&](Slot slot) { return !pool.in_use(slot); });
  // Above a quarter of the pool, a full pass is faster than looking up each due ticket.
  if (due_.size() > pool.size() / 4) full_pass_ = true;
  if (full_pass_) due_.clear();
}

void PlannerMemory::end_tick() {
  due_.clear();
  full_pass_ = false;
}

// Takes whole pages, so a few tickets are evaluated up to 16 ms early and are then entered again.
void PlannerMemory::collect_due() {
  due_.insert(due_.end(), due_again_.begin(), due_again_.end());
  due_again_.clear();
  const std::int32_t page = page_of(now_);
  while (!calendar_.empty() && calendar_.begin()->first <= page) {
    for (const Slot slot : calendar_.begin()->second) {
      tickets_[slot].due_at = kDueNow;
      due_.push_back(slot);
    }
    calendar_.erase(calendar_.begin());
  }
}

bool PlannerMemory::is_quiet(const Candidates& candidates, Island island) const {
  if (empty_) return false;
  for (Index i = island.begin; i < island.end; ++i) {
    const Ticket* ticket = find(candidates[i].slot, candidates[i].use);
    if (ticket == nullptr || ticket->due_at <= now_) return false;
  }
  return true;
}

int PlannerMemory::passed_over(const Candidate& ticket) const {
  if (empty_) return 0;
  const Ticket* found = find(ticket.slot, ticket.use);
  const bool last_tick = found != nullptr && found->tick == static_cast<std::uint16_t>(tick_ - 1);
  return last_tick ? found->passed_over : 0;
}

void PlannerMemory::remember_unmatched(const Pool& pool, const Format& format, SortedWaiters::Place place,
                                       bool could_have_played) {
  const Waiter& self = pool.sorted().at(place);
  Candidate candidate{};
  candidate.slot = self.slot;
  candidate.use = self.use;
  const int passed = could_have_played ? std::min(passed_over(candidate) + 1, 100) : 0;
  remember(self.slot, self.use, next_neighbour_at(pool.sorted(), place, now_, format), passed);
}

void PlannerMemory::remember_unmatched(const Candidate& ticket, bool could_have_played) {
  const int passed = could_have_played ? std::min(passed_over(ticket) + 1, 100) : 0;
  remember(ticket.slot, ticket.use, kNeverDue, passed);
}

void PlannerMemory::region_closed(const Pool& pool, Slot slot, std::optional<BucketMs> opens_at) {
  const std::int64_t due_at =
      opens_at ? std::clamp<BucketMs>(*opens_at - epoch_, kDueNow, kNeverDue) : BucketMs{kNeverDue};
  remember(slot, pool.use(slot), due_at, 0);
}

bool PlannerMemory::was_passed_over(const Pool& pool, Slot slot) const {
  const Ticket* found = slot < tickets_.size() ? find(slot, pool.use(slot)) : nullptr;
  return found != nullptr && found->passed_over > 0;
}

PlannerMemory::TicketMemory PlannerMemory::recall(const Pool& pool, Slot slot) const {
  const Ticket* found = slot < tickets_.size() && !full_pass_ ? find(slot, pool.use(slot)) : nullptr;
  if (found == nullptr || found->due_at <= now_) return {epoch_ + kDueNow, passed_over_of(found)};
  if (found->due_at == kNeverDue) return {std::nullopt, passed_over_of(found)};
  return {epoch_ + found->due_at, passed_over_of(found)};
}

void PlannerMemory::resume(const Pool& pool, std::span<const std::pair<Slot, TicketMemory>> tickets) {
  *this = {};
  epoch_ = pool.epoch();
  arrivals_seen_ = pool.arrivals();
  full_pass_ = false;
  tickets_.resize(pool.slots());
  now_ = kDueNow;
  for (const auto& [slot, recalled] : tickets) {
    const std::int64_t due_at = recalled.due_at ? *recalled.due_at - epoch_ : std::int64_t{kNeverDue};
    remember(slot, pool.use(slot), std::clamp<std::int64_t>(due_at, kDueNow, kNeverDue), recalled.passed_over);
  }
}

std::optional<BucketMs> PlannerMemory::next_due() const {
  if (!due_.empty() || full_pass_) return std::nullopt;  // the party sizes in the pool cannot fill the teams
  if (!due_again_.empty()) return epoch_ + now_;
  if (calendar_.empty()) return std::nullopt;
  return epoch_ + std::int64_t{calendar_.begin()->first} * kPage;
}

int PlannerMemory::passed_over_of(const Ticket* ticket) const {
  return ticket != nullptr && ticket->tick == tick_ ? ticket->passed_over : 0;
}

const PlannerMemory::Ticket* PlannerMemory::find(Slot slot, std::uint8_t use) const {
  if (empty_) return nullptr;
  const Ticket& found = tickets_[slot];
  return found.use == use_of(use) ? &found : nullptr;
}

void PlannerMemory::remember(Slot slot, std::uint8_t use, std::int64_t due_at, int passed_over) {
  empty_ = false;
  Ticket& ticket = tickets_[slot];
  const auto at = static_cast<std::int32_t>(due_at);
  const bool entered = ticket.use == use_of(use) && ticket.due_at == at;
  ticket = {at, tick_, use_of(use), static_cast<std::uint8_t>(passed_over)};
  if (at <= now_) {
    due_again_.push_back(slot);
  } else if (!entered && at != kNeverDue) {
    calendar_[page_of(at)].push_back(slot);
  }
}

}  // namespace mm::matching
