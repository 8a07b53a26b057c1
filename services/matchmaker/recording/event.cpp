#include "services/matchmaker/recording/event.h"

#include <array>

#include "common/wire/codec.h"

namespace mm::matchmaker::recording {
namespace {

constexpr std::uint8_t kHasParty = 1;
constexpr std::uint8_t kHasLatencies = 2;
/// More than the largest number of tickets in a bucket; larger slots are treated as damage.
constexpr std::uint64_t kMaxSlots = 4'000'000;

matching::Slot read_slot(ByteReader& block, bool& fine) {
  const std::uint64_t slot = block.varint();
  fine = fine && slot < kMaxSlots;
  return static_cast<matching::Slot>(slot);
}

TimePoint read_wall(ByteReader& block) { return TimePoint(Milliseconds(static_cast<std::int64_t>(block.varint()))); }

}  // namespace

std::string_view name_of(LeaveReason why) {
  constexpr std::array<std::string_view, kLeaveReasons> kNames{"committed",         "cancelled", "timed out",
                                                               "matched elsewhere", "refused",   "missing"};
  return kNames.at(static_cast<std::size_t>(why));
}

bool EventReader::refuse(std::string why) {
  failure_ = std::move(why);
  return false;
}

bool EventReader::next(ByteReader& block, Event& event) {
  if (!failure_.empty() || block.empty()) return false;
  const bool read_it = read(block, event);
  if (!failure_.empty()) return false;
  if (block.failed() || !read_it) return refuse("an event is cut off or malformed");
  return true;
}

bool EventReader::read(ByteReader& block, Event& event) {
  const std::uint8_t kind = block.byte();
  if (kind < static_cast<std::uint8_t>(Kind::tick) || kind > static_cast<std::uint8_t>(Kind::gap)) {
    return refuse("there is no event of kind " + std::to_string(kind));
  }
  event.kind = static_cast<Kind>(kind);
  if (event.kind == Kind::tick || event.kind == Kind::gap) {
    event.wall = read_wall(block);
    if (event.kind == Kind::gap) {
      event.until = read_wall(block);
      known_.clear();
    }
    return true;
  }
  event.bucket = static_cast<std::uint32_t>(block.varint());
  if (event.kind == Kind::begun) return read_begun(block, event);
  const auto found = known_.find(event.bucket);
  if (found == known_.end()) return refuse("bucket " + std::to_string(event.bucket) + " has not begun");
  bool fine = true;
  switch (event.kind) {
    case Kind::put: return read_put(block, event, found->second);
    case Kind::left:
      event.slot = read_slot(block, fine);
      event.why = static_cast<LeaveReason>(block.byte());
      return fine && static_cast<int>(event.why) < kLeaveReasons;
    case Kind::planned: return read_planned(block, event, found->second);
    case Kind::timed:
      event.now = found->second.now += block.zigzag();
      read_expired(block, event);
      return true;
    case Kind::ended: known_.erase(found); return true;
    case Kind::sorted:
    case Kind::tick:
    case Kind::begun:
    case Kind::gap: break;
  }
  return true;
}

bool EventReader::read_begun(ByteReader& block, Event& event) {
  event.name = block.text();
  event.known = block.byte() != 0;
  const auto rules = wire::decode<ModeRules>(block.text(), wire::Unknown::ignored);
  if (block.failed()) return false;
  if (!rules) return refuse("the rules of " + event.name + " cannot be read");
  event.rules = *rules;
  known_[event.bucket] = {};
  return true;
}

bool EventReader::read_put(ByteReader& block, Event& event, Known& known) {
  constexpr std::size_t kPlayerBytes = 18;
  constexpr std::size_t kLatencyBytes = 6;
  bool fine = true;
  event.slot = read_slot(block, fine);
  matching::PoolTicket& ticket = event.ticket;
  ticket.id = TicketId(block.uuid());
  ticket.attempt = static_cast<int>(block.varint());
  ticket.change = known.change += block.zigzag();
  ticket.queued_at = known.now + block.zigzag();
  ticket.deadline = ticket.queued_at + block.zigzag();
  const std::uint8_t flags = block.byte();
  ticket.party.reset();
  if ((flags & kHasParty) != 0) ticket.party = PartyId(block.uuid());
  ticket.players.resize(block.count(kPlayerBytes));
  for (TicketPlayer& player : ticket.players) {
    player.player_id = PlayerId(block.uuid());
    player.mmr = block.points();
    player.deviation = block.points();
  }
  ticket.latencies.reset();
  if ((flags & kHasLatencies) != 0) {
    auto& latencies = ticket.latencies.emplace();
    for (std::size_t left = block.count(kLatencyBytes); left > 0; --left) {
      const auto region = Region::parse(block.text());
      const double ms = block.points();
      fine = fine && region.has_value();
      if (region) latencies[*region] = ms;
    }
  }
  return fine && flags <= (kHasParty | kHasLatencies);
}

bool EventReader::read_planned(ByteReader& block, Event& event, Known& known) {
  constexpr std::size_t kMatchBytes = 26;
  constexpr std::size_t kSeatBytes = 2;
  bool fine = true;
  event.now = known.now += block.zigzag();
  event.matches.resize(block.count(kMatchBytes));
  event.seats.clear();
  for (RecordedMatch& match : event.matches) {
    match.quality = block.real();
    match.spread = block.real();
    match.advantage = block.real();
    match.first_seat = static_cast<std::uint32_t>(event.seats.size());
    match.seats = static_cast<std::uint32_t>(block.count(kSeatBytes));
    for (std::uint32_t i = 0; i < match.seats; ++i) {
      const matching::Slot slot = read_slot(block, fine);
      event.seats.push_back({slot, static_cast<std::uint32_t>(block.varint())});
    }
  }
  read_expired(block, event);
  return fine;
}

void EventReader::read_expired(ByteReader& block, Event& event) {
  bool fine = true;
  event.expired.resize(block.count(1));
  for (matching::Slot& slot : event.expired) slot = read_slot(block, fine);
  if (!fine) refuse("the slot of an expired ticket is out of range");
}

}  // namespace mm::matchmaker::recording
