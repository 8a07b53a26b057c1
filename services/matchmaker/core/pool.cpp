#include "services/matchmaker/core/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/result.h"
#include "services/matchmaker/core/latency.h"

namespace mm::matchmaker {
namespace {

constexpr std::uint8_t kUseMask = 0x7F;
constexpr std::uint8_t kHasLatencies = 0x80;
constexpr double kDeviationUnits = 64;  // per point, in Waiter::deviation
/// Ages up to 12 days either side of the epoch; a queue waits for a day at most.
constexpr std::int64_t kEpochReach = 1LL << 30;

std::int32_t hundredths(double value) { return static_cast<std::int32_t>(std::llround(value * 100)); }

double premade_offset(const ModeRules& rules, std::size_t party_size) {
  if (rules.premade_offset.empty()) return 0;
  return rules.premade_offset[std::min(party_size, rules.premade_offset.size()) - 1];
}

Rating rating_of_party(const std::vector<TicketPlayer>& players, const ModeRules& rules) {
  std::int64_t sum = 0;
  for (const auto& player : players) sum += hundredths(player.mmr);
  const double mean = static_cast<double>(sum * kUnitsPerHundredth) / static_cast<double>(players.size());
  return static_cast<Rating>(std::llround(mean)) + rating_of(premade_offset(rules, players.size()));
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
  check(team_size >= 1 && team_size <= limits::kTeamSizeMax, "a team has 1 to 100 players");
  free_members_.resize(static_cast<std::size_t>(team_size) + 1);
}

Pool::Upserted Pool::upsert(const PoolTicket& ticket) {
  if (ticket.players.empty() || ticket.players.size() > static_cast<std::size_t>(team_size_)) return Upserted::ignored;
  const std::uint32_t held = index_.find(ticket.id, id_of());
  if (held != SlotIndex::kNone) {
    if (!tells_more(records_[held], ticket)) return Upserted::ignored;
    erase(ticket.id);
  }
  move_epoch_near(ticket.queued_at);
  const Slot slot = take_slot();
  Record& record = records_[slot];
  record.id = ticket.id;
  record.party = ticket.party.value_or(PartyId{});
  record.change = ticket.change;
  record.queued_at = ticket.queued_at;
  record.deadline = ticket.deadline;
  record.attempt = ticket.attempt;
  record.members = store_members(ticket.players);
  uses_[slot].size = static_cast<std::uint8_t>(ticket.players.size());
  uses_[slot].count = (uses_[slot].count + 1) & kUseMask;
  if (ticket.latencies) latencies_.emplace(slot, *ticket.latencies);
  players_ += ticket.players.size();
  note_deadline(slot);
  index_.insert(slot, id_of());
  arrived_.push_back(waiter_of(slot, ticket));
  return held == SlotIndex::kNone ? Upserted::added : Upserted::replaced;
}

bool Pool::erase(TicketId id) {
  const auto slot = slot_of(id);
  if (!slot) return false;
  index_.erase(id, id_of());
  release(*slot);
  return true;
}

void Pool::clear() {
  while (!line().empty()) {
    for (const Waiter& waiter : line_) erase(records_[waiter.slot].id);
  }
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
  const auto all = line();
  if (all.empty()) return std::nullopt;
  const auto longest = std::min_element(all.begin(), all.end(), [this](const Waiter& a, const Waiter& b) {
    if (a.queued != b.queued) return a.queued < b.queued;
    return records_[a.slot].id < records_[b.slot].id;
  });
  return ticket(longest->slot);
}

PoolTicket Pool::ticket(Slot slot) const {
  const Record& record = records_[slot];
  PoolTicket ticket;
  ticket.id = record.id;
  ticket.attempt = record.attempt;
  ticket.change = record.change;
  if (!record.party.is_nil()) ticket.party = record.party;
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
  // By id, not by slot: slots depend on the order of insertion, and one slot may be named twice.
  std::sort(slots.begin(), slots.end(), [this](Slot a, Slot b) { return records_[a].id < records_[b].id; });
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

std::span<const Waiter> Pool::line() const {
  settle();
  return line_;
}

Slot Pool::take_slot() {
  if (!free_slots_.empty()) {
    const Slot slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
  }
  uses_.emplace_back();
  is_left_.push_back(false);
  return static_cast<Slot>(records_.grow(1));
}

void Pool::release(Slot slot) {
  const std::size_t size = uses_[slot].size;
  players_ -= size;
  free_members_[size].push_back(records_[slot].members);
  latencies_.erase(slot);
  uses_[slot].size = 0;
  is_left_[slot] = true;
  left_.push_back(slot);
}

// A newer change always; the same one only if a time or the attempt differs, so that reading the whole queue again
// makes no ticket look new.
bool Pool::tells_more(const Record& held, const PoolTicket& offered) {
  if (offered.change != held.change) return offered.change > held.change;
  return offered.attempt != held.attempt || offered.queued_at != held.queued_at || offered.deadline != held.deadline;
}

// Tickets that leave early stay named here; when those are the most, the calendar is written anew.
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

Waiter Pool::waiter_of(Slot slot, const PoolTicket& ticket) {
  Waiter waiter;
  waiter.rating = rating_of_party(ticket.players, rules_);
  waiter.slot = slot;
  waiter.queued = static_cast<std::int32_t>(ticket.queued_at - epoch_);
  waiter.deviation = deviation_of_party(ticket.players);
  waiter.size = uses_[slot].size;
  waiter.use = static_cast<std::uint8_t>(uses_[slot].count | (ticket.latencies ? kHasLatencies : 0));
  return waiter;
}

// 32 bits of milliseconds are 24 days. A pool that outlives them, or a clock that jumps, moves the epoch; ages
// farther off than that are cut, which no queue with a longest wait of a day can tell.
void Pool::move_epoch_near(BucketMs queued_at) {
  const std::int64_t off = queued_at - epoch_;
  if (off > -kEpochReach && off < kEpochReach) return;
  settle();
  const BucketMs old = epoch_;
  epoch_ = queued_at;
  for (Waiter& waiter : line_) {
    const std::int64_t queued = std::clamp(waiter.queued + old - epoch_, -2 * kEpochReach, 2 * kEpochReach - 1);
    waiter.queued = static_cast<std::int32_t>(queued);
  }
}

bool Pool::stands_before(const Waiter& a, const Waiter& b) const {
  if (a.rating != b.rating) return a.rating < b.rating;
  if (a.queued != b.queued) return a.queued < b.queued;
  return records_[a.slot].id < records_[b.slot].id;
}

// One pass drops who left, one backward merge takes in who arrived: linear, in place.
void Pool::settle() const {
  const auto has_left = [this](const Waiter& waiter) { return is_left_[waiter.slot]; };
  if (!left_.empty()) {
    std::erase_if(line_, has_left);
    std::erase_if(arrived_, has_left);
    let_go_of_left();
  }
  if (arrived_.empty()) return;
  const auto before = [this](const Waiter& a, const Waiter& b) { return stands_before(a, b); };
  std::sort(arrived_.begin(), arrived_.end(), before);
  std::size_t old = line_.size();
  if (line_.capacity() < old + arrived_.size()) line_.reserve((old + arrived_.size()) * 9 / 8);
  line_.resize(old + arrived_.size());
  for (std::size_t to = line_.size(); !arrived_.empty();) {
    const bool from_line = old > 0 && before(arrived_.back(), line_[old - 1]);
    line_[--to] = from_line ? line_[--old] : arrived_.back();
    if (!from_line) arrived_.pop_back();
  }
}

void Pool::let_go_of_left() const {
  for (const Slot slot : left_) is_left_[slot] = false;
  free_slots_.insert(free_slots_.end(), left_.begin(), left_.end());
  left_.clear();
}

}  // namespace mm::matchmaker
