#include "services/matchmaker/matching/pool/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/result.h"
#include "services/matchmaker/matching/ticket/latency.h"
#include "services/matchmaker/matching/ticket/premade_offset.h"

namespace mm::matching {
namespace {

constexpr std::uint8_t kUseMask = 0x7F;
constexpr std::uint8_t kHasLatencies = 0x80;
constexpr double kDeviationUnits = 64;  // per point, in Waiter::deviation
/// The capacity for arrivals is kept from tick to tick up to this number.
constexpr std::size_t kMaxPending = 16'384;
/// Ages may be up to 12 days on either side of the epoch; a ticket waits at most a day.
constexpr std::int64_t kEpochReach = 1LL << 30;

std::int32_t hundredths(double value) { return static_cast<std::int32_t>(std::llround(value * 100)); }

Rating mean_rating(std::int64_t sum_hundredths, std::size_t players, const ModeRules& rules) {
  const double mean = static_cast<double>(sum_hundredths * kUnitsPerHundredth) / static_cast<double>(players);
  return static_cast<Rating>(std::llround(mean)) + rating_of(premade_offset(rules, players));
}

std::uint16_t deviation_of_party(const std::vector<TicketPlayer>& players) {
  double squares = 0;
  for (const auto& player : players) squares += player.deviation * player.deviation;
  const double mean = std::sqrt(squares / static_cast<double>(players.size()));
  return static_cast<std::uint16_t>(std::llround(std::min(mean * kDeviationUnits, 65'535.0)));
}

std::int64_t second_of(BucketMs at) { return at >= 0 ? at / 1000 : (at - 999) / 1000; }

}  // namespace

Pool::Pool(const ModeRules& rules, int team_size, Region region)
    : rules_(rules), team_size_(team_size), region_(std::move(region)) {
  check(team_size >= 1 && team_size <= limits::kMaxTeamSize, "a team has 1 to 100 players");
  free_members_.resize(static_cast<std::size_t>(team_size) + 1);
  of_size_.resize(static_cast<std::size_t>(team_size) + 1);
}

Pool::Upserted Pool::upsert(const PoolTicket& ticket) {
  if (ticket.players.empty() || ticket.players.size() > static_cast<std::size_t>(team_size_)) return Upserted::ignored;
  const std::uint32_t held = index_.find(ticket.id, id_of());
  if (held != SlotIndex::kNone) {
    if (!is_newer(records_[held], ticket)) return Upserted::ignored;
    erase(ticket.id);
  }
  move_epoch_near(ticket.queued_at);
  const Slot slot = take_slot();
  Record& record = records_[slot];
  record.id = ticket.id;
  record.change = ticket.change;
  record.queued_at = ticket.queued_at;
  record.deadline = ticket.deadline;
  record.attempt = ticket.attempt;
  record.members = store_members(ticket.players);
  uses_[slot].size = static_cast<std::uint8_t>(ticket.players.size());
  uses_[slot].count = (uses_[slot].count + 1) & kUseMask;
  if (ticket.party) parties_.emplace(slot, *ticket.party);
  if (ticket.latencies) latencies_.emplace(slot, *ticket.latencies);
  players_ += ticket.players.size();
  ++of_size_[ticket.players.size()];
  note_deadline(slot);
  note_arrival(slot);
  index_.insert(slot, id_of());
  Waiter waiter;
  waiter.rating = rating_of_members(slot);
  waiter.slot = slot;
  waiter.queued = static_cast<std::int32_t>(ticket.queued_at - epoch_);
  waiter.deviation = deviation_of_party(ticket.players);
  waiter.size = uses_[slot].size;
  waiter.use = static_cast<std::uint8_t>(uses_[slot].count | (ticket.latencies ? kHasLatencies : 0));
  pending_.push_back({waiter, mixed_bits(ticket.id)});
  apply_changes_if_many();
  return held == SlotIndex::kNone ? Upserted::added : Upserted::replaced;
}

bool Pool::erase(TicketId id) {
  const auto slot = slot_of(id);
  if (!slot) return false;
  index_.erase(id, id_of());
  release(*slot);
  apply_changes_if_many();
  return true;
}

void Pool::clear() {
  std::vector<TicketId> ids;
  sorted().for_each([&](const Waiter& waiter) { ids.push_back(records_[waiter.slot].id); });
  for (const TicketId& id : ids) erase(id);
}

std::optional<Slot> Pool::slot_of(TicketId id) const {
  const std::uint32_t slot = index_.find(id, id_of());
  if (slot == SlotIndex::kNone) return std::nullopt;
  return slot;
}

std::optional<PoolTicket> Pool::find(TicketId id) const {
  const auto slot = slot_of(id);
  if (!slot) return std::nullopt;
  return ticket(*slot);
}

std::optional<PoolTicket> Pool::oldest() const {
  const Waiter* longest = nullptr;
  sorted().for_each([&](const Waiter& waiter) {
    const bool longer = longest == nullptr || waiter.queued < longest->queued ||
                        (waiter.queued == longest->queued && records_[waiter.slot].id < records_[longest->slot].id);
    if (longer) longest = &waiter;
  });
  if (longest == nullptr) return std::nullopt;
  return ticket(longest->slot);
}

PoolTicket Pool::ticket(Slot slot) const {
  const Record& record = records_[slot];
  PoolTicket ticket;
  ticket.id = record.id;
  ticket.attempt = record.attempt;
  ticket.change = record.change;
  if (const auto found = parties_.find(slot); found != parties_.end()) ticket.party = found->second;
  ticket.players.reserve(uses_[slot].size);
  for (std::size_t i = 0; i < uses_[slot].size; ++i) {
    const Member& member = members_[record.members + i];
    ticket.players.push_back(
        {member.player_id, member.mmr_hundredths / 100.0, static_cast<double>(member.deviation_hundredths) / 100.0});
  }
  ticket.queued_at = record.queued_at;
  ticket.deadline = record.deadline;
  if (const auto found = latencies_.find(slot); found != latencies_.end()) ticket.latencies = found->second;
  return ticket;
}

std::optional<BucketMs> Pool::opens_at(Slot slot) const {
  const auto found = latencies_.find(slot);
  if (found == latencies_.end()) return records_[slot].queued_at;
  const auto after = opens_after_ms(rules_, found->second, region_);
  if (!after) return std::nullopt;
  return records_[slot].queued_at + *after;
}

std::vector<Slot> Pool::expired(BucketMs now) const {
  std::vector<Slot> slots;
  const auto is_due = [&](Slot slot) { return uses_[slot].size > 0 && records_[slot].deadline <= now; };
  for (auto due = deadlines_.begin(); due != deadlines_.end() && due->first <= second_of(now);) {
    for (const Slot slot : due->second) {
      if (is_due(slot)) slots.push_back(slot);
    }
    due = std::none_of(due->second.begin(), due->second.end(), is_due) && due->first < second_of(now)
              ? deadlines_.erase(due)
              : std::next(due);
  }
  // Sorted by id, not by slot: slots depend on the order of insertion, and one slot may be listed twice.
  std::sort(slots.begin(), slots.end(), [this](Slot a, Slot b) { return records_[a].id < records_[b].id; });
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

const SortedWaiters& Pool::sorted() const {
  apply_changes();
  return sorted_;
}

std::optional<std::span<const Slot>> Pool::arrived_since(std::uint64_t known) const {
  if (known < journal_begin_ || known > arrivals()) return std::nullopt;
  return std::span(journal_).subspan(static_cast<std::size_t>(known - journal_begin_));
}

Slot Pool::take_slot() {
  if (!free_slots_.empty()) {
    const Slot slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
  }
  uses_.emplace_back();
  is_erased_.push_back(false);
  return static_cast<Slot>(records_.grow(1));
}

void Pool::release(Slot slot) {
  const std::size_t size = uses_[slot].size;
  erased_ratings_.push_back(rating_of_members(slot));
  players_ -= size;
  --of_size_[size];
  free_members_[size].push_back(records_[slot].members);
  parties_.erase(slot);
  latencies_.erase(slot);
  uses_[slot].size = 0;
  is_erased_[slot] = true;
  erased_.push_back(slot);
}

// A ticket with a newer change is always taken. With the same change, it is taken only if a time or the attempt
// differs, so that reading the whole queue again makes no ticket look new.
bool Pool::is_newer(const Record& held, const PoolTicket& offered) {
  if (offered.change != held.change) return offered.change > held.change;
  return offered.attempt != held.attempt || offered.queued_at != held.queued_at || offered.deadline != held.deadline;
}

// Slots of erased tickets stay in the calendar; when they are the majority, the calendar is rebuilt.
void Pool::note_deadline(Slot slot) {
  if (++deadlines_noted_ > 2 * size() + 4096) {
    deadlines_.clear();
    deadlines_noted_ = size() + 1;
    for (Slot other = 0; other < uses_.size(); ++other) {
      if (uses_[other].size > 0 && other != slot) deadlines_[second_of(records_[other].deadline)].push_back(other);
    }
  }
  deadlines_[second_of(records_[slot].deadline)].push_back(slot);
}

std::uint32_t Pool::store_members(const std::vector<TicketPlayer>& players) {
  auto& free = free_members_[players.size()];
  std::size_t first = 0;
  if (free.empty()) {
    first = members_.grow(players.size());
  } else {
    first = free.back();
    free.pop_back();
  }
  for (std::size_t i = 0; i < players.size(); ++i) {
    members_[first + i] = {players[i].player_id, hundredths(players[i].mmr), hundredths(players[i].deviation)};
  }
  return static_cast<std::uint32_t>(first);
}

Rating Pool::rating_of_members(Slot slot) const {
  const std::size_t size = uses_[slot].size;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += members_[records_[slot].members + i].mmr_hundredths;
  return mean_rating(sum, size, rules_);
}

// Arrivals dropped here have been read by a planner that runs every tick; any other planner starts with the whole pool.
void Pool::note_arrival(Slot slot) {
  if (journal_.size() > 4096 + size() / 8) {
    journal_begin_ += journal_.size();
    journal_.clear();
  }
  journal_.push_back(slot);
}

// 32 bits of milliseconds are 24 days either way. If the pool lives longer or the clock jumps, the epoch is moved. Ages
// beyond the range are clamped, which has no effect on a queue whose longest wait is a day.
void Pool::move_epoch_near(BucketMs queued_at) {
  const std::int64_t off = queued_at - epoch_;
  if (off > -kEpochReach && off < kEpochReach) return;
  apply_changes();
  const BucketMs old = epoch_;
  epoch_ = queued_at;
  sorted_.change_each([&](Waiter& waiter) {
    const std::int64_t queued = std::clamp(waiter.queued + old - epoch_, -2 * kEpochReach, 2 * kEpochReach - 1);
    waiter.queued = static_cast<std::int32_t>(queued);
  });
}

bool Pool::precedes_equal(const Waiter& a, const Waiter& b) const {
  if (a.queued != b.queued) return a.queued < b.queued;
  return mixed_bits(records_[a.slot].id) < mixed_bits(records_[b.slot].id);
}

void Pool::apply_changes() const {
  if (!erased_.empty() || !pending_.empty()) ++updates_;
  if (!erased_.empty()) {
    const auto is_gone = [this](const Waiter& waiter) { return is_erased(waiter); };
    std::sort(erased_ratings_.begin(), erased_ratings_.end());
    sorted_.drop(erased_ratings_, is_gone);
    std::erase_if(pending_, [&](const PendingWaiter& arrival) { return is_erased(arrival.waiter); });
    free_erased_slots();
  }
  if (pending_.empty()) return;
  std::vector<Waiter> added;
  sort_pending(pending_, added);
  sorted_.insert(added, [this](const Waiter& a, const Waiter& b) { return sorts_before(a, b); });
  if (pending_.size() > kMaxPending) pending_ = {};
  pending_.clear();
}

// Limits the pending changes if the sorted list is not read for a long time.
void Pool::apply_changes_if_many() const {
  if (pending_.size() + erased_.size() > kMaxPending + 2 * size()) apply_changes();
}

void Pool::free_erased_slots() const {
  for (const Slot slot : erased_) is_erased_[slot] = false;
  free_slots_.insert(free_slots_.end(), erased_.begin(), erased_.end());
  erased_.clear();
  erased_ratings_.clear();
}

}  // namespace mm::matching
