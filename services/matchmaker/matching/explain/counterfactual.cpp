#include "services/matchmaker/matching/explain/counterfactual.h"

#include <algorithm>

#include "services/matchmaker/matching/explain/reliable_range.h"
#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/search/packing.h"
#include "services/matchmaker/matching/teams/team_filler.h"
#include "services/matchmaker/matching/ticket/premade_offset.h"

namespace mm::matching {
namespace {

/// The most plan() calls for one answer.
constexpr int kTries = 4;
/// No further plan() call for an answer after this much work (work_of() in forecast.h).
constexpr std::uint64_t kPlanWork = 2'000;
/// The most tickets in one of these plans: an island of this size is searched as a whole, independently of other
/// islands.
constexpr std::size_t kMaxChain = Packing::kMaxTickets;
/// The most TeamFiller::choose() calls for one answer.
constexpr int kSizeQuestions = 600;

bool matches(const TickPlan& tick, Slot slot) {
  return std::any_of(tick.seats.begin(), tick.seats.end(), [&](const Seat& seat) { return seat.slot == slot; });
}

/// The tickets that may play in a tick, in the order of rating.
struct Row {
  std::vector<const Waiter*> waiters;
  std::size_t subject = 0;
};

std::optional<Row> row_of(const PoolCopy& copy, BucketMs at) {
  Row row;
  bool found = false;
  copy.pool.sorted().for_each([&](const Waiter& waiter) {
    const auto opens = copy.pool.opens_at(waiter.slot);
    if (!opens || *opens > at || copy.pool.deadline(waiter.slot) <= at) return;
    if (waiter.slot == copy.subject) row.subject = row.waiters.size(), found = true;
    row.waiters.push_back(&waiter);
  });
  if (!found) return std::nullopt;
  return row;
}

/// Computes the least spread of a set that contains the subject and whose sizes fill the teams, if windows did not
/// matter. As the lowest member moves down, the highest member needed can only move down too, so one pass over both
/// ends is enough.
class LeastSpread {
 public:
  LeastSpread(const Neighbourhood& around, const Row& row)
      : row_(row),
        fill_(around.rules.teams, around.team_size),
        counts_(static_cast<std::size_t>(around.team_size) + 1) {}

  std::optional<Rating> find() {
    const auto& waiters = row_.waiters;
    std::size_t high = row_.subject;
    add(high);
    std::optional<Rating> least;
    for (std::size_t low = row_.subject;; add(--low)) {
      while (!suffices() && high + 1 < waiters.size()) add(++high);
      if (suffices()) {
        while (high > row_.subject && suffices_without(high)) remove(high--);
        const Rating spread = waiters[high]->rating - waiters[low]->rating;
        least = std::min(least.value_or(spread), spread);
      }
      if (low == 0 || questions_ > kSizeQuestions) break;
    }
    return questions_ > kSizeQuestions ? std::nullopt : least;
  }

 private:
  std::uint16_t& count(std::size_t i) { return counts_[row_.waiters[i]->size]; }
  void add(std::size_t i) { ++count(i); }
  void remove(std::size_t i) { --count(i); }
  bool suffices() {
    ++questions_;
    return fill_.choose(counts_, row_.waiters[row_.subject]->size, chosen_);
  }
  bool suffices_without(std::size_t i) {
    remove(i);
    const bool enough = suffices();
    add(i);
    return enough;
  }

  const Row& row_;
  TeamFiller fill_;
  SizeCounts counts_, chosen_;
  int questions_ = 0;
};

/// The tickets [low, high] that could meet the subject, directly or through other tickets, if every window were
/// `window`. Empty if this includes tickets that were not copied, or too many tickets to plan in time.
struct Chain {
  std::size_t low;
  std::size_t high;
};
std::optional<Chain> chain_of(const Neighbourhood& around, const Row& row, Rating window) {
  const auto& waiters = row.waiters;
  Chain chain{row.subject, row.subject};
  while (chain.low > 0 && waiters[chain.low]->rating - waiters[chain.low - 1]->rating <= window) --chain.low;
  while (chain.high + 1 < waiters.size() && waiters[chain.high + 1]->rating - waiters[chain.high]->rating <= window) {
    ++chain.high;
  }
  const bool below = around.beyond_low && waiters[chain.low]->rating - *around.beyond_low <= window;
  const bool above = around.beyond_high && *around.beyond_high - waiters[chain.high]->rating <= window;
  if (below || above || chain.high - chain.low >= kMaxChain) return std::nullopt;
  return chain;
}

Rating up_to_hundredth(Rating rating) {
  return (rating + kUnitsPerHundredth - 1) / kUnitsPerHundredth * kUnitsPerHundredth;
}

/// The next wider window with which the subject can meet another ticket.
std::optional<Rating> next_wider(const Row& row, Rating window) {
  std::optional<Rating> next;
  for (const Waiter* waiter : row.waiters) {
    const Rating gap = up_to_hundredth(std::abs(waiter->rating - row.waiters[row.subject]->rating));
    if (gap > window) next = std::min(next.value_or(gap), gap);
  }
  return next;
}

PoolTicket newcomer(const PoolCopy& copy, int number, BucketMs at) {
  const PoolTicket subject = copy.pool.ticket(copy.subject);
  const double offset = premade_offset(copy.pool.rules(), 1);
  Uuid id;
  id.bytes[0] = 0xFF;  // not used by any UUID version
  id.bytes[1] = static_cast<std::uint8_t>(number);
  PoolTicket ticket;
  ticket.id = TicketId(id);
  ticket.players = {{PlayerId(id), points(copy.pool.rating(copy.subject)) - offset, subject.players.front().deviation}};
  ticket.queued_at = at;
  ticket.deadline = at + 60'000;
  return ticket;
}

/// A lower bound of the number of solo tickets that are missing, given the tickets that accept the subject and a
/// newcomer and are accepted by both.
int least_missing(const Neighbourhood& around, const Row& row, BucketMs at, BucketMs epoch) {
  const Format format(around.rules, around.team_size);
  const Waiter& subject = *row.waiters[row.subject];
  const auto window = [&](const Waiter& waiter) { return format.window.at(at - epoch - waiter.queued); };
  SizeCounts counts(static_cast<std::size_t>(around.team_size) + 1), chosen;
  for (const Waiter* waiter : row.waiters) {
    const Rating reach = std::min(window(subject), format.window.at(0));
    if (accept_each_other(waiter->rating, window(*waiter), subject.rating, reach)) ++counts[waiter->size];
  }
  TeamFiller fill(around.rules.teams, around.team_size);
  for (int parties = 1; parties < format.players; ++parties) {
    ++counts[1];
    if (fill.choose(counts, subject.size, chosen)) return parties;
  }
  return format.players - subject.size;
}

}  // namespace

// If all windows are equal, tickets outside the subject's chain are on other islands, so their plan has no effect here.
std::optional<Rating> window_for_match(const Neighbourhood& around, BucketMs at) {
  if (!around.rules.use_rating) return std::nullopt;
  const PoolCopy copy(around);
  const auto row = row_of(copy, at);
  if (!row) return std::nullopt;
  auto window = LeastSpread(around, *row).find();
  std::uint64_t work = 0;
  for (int tries = 0; window && tries < kTries && work < kPlanWork; ++tries) {
    window = up_to_hundredth(*window);
    const auto chain = chain_of(around, *row, *window);
    if (!chain) return std::nullopt;
    Pool pool(around.rules, around.team_size, around.region);
    for (std::size_t i = chain->low; i <= chain->high; ++i) pool.upsert(copy.pool.ticket(row->waiters[i]->slot));
    ModeRules rules = around.rules;
    rules.initial_window = rules.max_window = points(*window);
    PlannerMemory memory;
    Workspace workspace;
    workspace.skip_memory = true;
    workspace.max_steps = kPlanWork - work;
    const TickPlan tick = plan(pool, rules, at, memory, workspace);
    work += work_of(tick, workspace);
    if (workspace.step_limit_reached) return std::nullopt;
    if (matches(tick, *pool.slot_of(around.subject))) return window;
    window = next_wider(*row, *window);
  }
  return std::nullopt;
}

std::optional<NewcomersNeeded> newcomers_for_match(const Neighbourhood& around, BucketMs at) {
  PoolCopy copy(around);
  const auto row = row_of(copy, at);
  if (!row) return std::nullopt;
  const Format format(around.rules, around.team_size);
  const int least = least_missing(around, *row, at, copy.pool.epoch());
  Workspace workspace;
  auto recalled = copy.recalled;
  int arrived = 0;
  std::uint64_t work = 0;
  for (int parties = least; parties < least + kTries && work < kPlanWork; ++parties) {
    for (; arrived < parties; ++arrived) {
      const PoolTicket ticket = newcomer(copy, arrived, at);
      copy.pool.upsert(ticket);
      recalled.emplace_back(*copy.pool.slot_of(ticket.id), PlannerMemory::TicketMemory{BucketMs{0}});
    }
    ReliableRange known(around, format);
    known.shrink(copy.pool, at);
    if (!known.holds(copy.pool.rating(copy.subject))) return std::nullopt;
    PlannerMemory memory;
    memory.resume(copy.pool, recalled);
    workspace.skip_memory = true;
    workspace.max_steps = kPlanWork - work;
    const TickPlan tick = plan(copy.pool, around.rules, at, memory, workspace);
    work += work_of(tick, workspace);
    if (workspace.step_limit_reached) return std::nullopt;
    if (!matches(tick, copy.subject)) continue;
    const BucketMs waited = at - copy.pool.queued_at(copy.subject);
    return NewcomersNeeded{parties, 1, points(copy.pool.rating(copy.subject)),
                           std::min(format.window.at(0), format.window.at(waited))};
  }
  return std::nullopt;
}

}  // namespace mm::matching
