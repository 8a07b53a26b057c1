#include "services/matchmaker/recording/event_encoder.h"

#include "common/wire/codec.h"

namespace mm::matchmaker::recording {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
/// Limit of tickets in the buckets that begin anew in one tick: about a millisecond of work.
constexpr std::size_t kMaxTicketsBegunPerTick = 2'000;
constexpr std::uint8_t kHasParty = 1;
constexpr std::uint8_t kHasLatencies = 2;

void put_wall(std::string& to, TimePoint wall) {
  put_varint(to, static_cast<std::uint64_t>(wall.time_since_epoch().count()));
}

}  // namespace

void EventEncoder::open() {
  flush();
  generation_ = ++generations_;
  buckets_ = 0;
}

void EventEncoder::stop() {
  bytes_.clear();
  generation_ = 0;
}

void EventEncoder::tick(TimePoint wall) {
  begun_tickets_ = 0;
  if (!running()) return;
  bytes_.push_back(static_cast<char>(Kind::tick));
  put_wall(bytes_, wall);
  close();
}

void EventEncoder::gap(TimePoint from, TimePoint until) {
  bytes_.push_back(static_cast<char>(Kind::gap));
  put_wall(bytes_, from);
  put_wall(bytes_, until);
  close();
}

void EventEncoder::flush() {
  if (!bytes_.empty()) sink_(std::exchange(bytes_, {}));
}

// Called only between two events. sink_ may call stop().
void EventEncoder::close() {
  if (bytes_.size() >= kPiece) flush();
}

bool EventEncoder::may_begin(std::size_t tickets) {
  const bool may = begun_tickets_ == 0 || begun_tickets_ + tickets <= kMaxTicketsBegunPerTick;
  if (may) begun_tickets_ += tickets;
  return may;
}

void EventEncoder::start(Kind kind, const Track& track) {
  bytes_.push_back(static_cast<char>(kind));
  put_varint(bytes_, track.bucket);
}

void EventEncoder::put_now(Track& track, matching::BucketMs now) {
  put_signed(bytes_, now - track.now);
  track.now = now;
}

void EventEncoder::begin(Track& track, std::string_view name, const ModeRules& rules, bool known) {
  const bool again = on(track);
  track = {again ? track.bucket : buckets_++, generation_, 0, 0};
  start(Kind::begun, track);
  put_text(bytes_, name);
  bytes_.push_back(known ? 1 : 0);
  put_text(bytes_, wire::encode(rules));
  close();
}

void EventEncoder::put(Track& track, matching::Slot slot, const matching::PoolTicket& ticket) {
  start(Kind::put, track);
  put_varint(bytes_, slot);
  put_uuid(bytes_, ticket.id.uuid());
  put_varint(bytes_, static_cast<std::uint64_t>(std::max(0, ticket.attempt)));
  put_signed(bytes_, ticket.change - track.change);
  track.change = ticket.change;
  put_signed(bytes_, ticket.queued_at - track.now);
  put_signed(bytes_, ticket.deadline - ticket.queued_at);
  bytes_.push_back(static_cast<char>((ticket.party ? kHasParty : 0) | (ticket.latencies ? kHasLatencies : 0)));
  if (ticket.party) put_uuid(bytes_, ticket.party->uuid());
  put_varint(bytes_, ticket.players.size());
  for (const TicketPlayer& player : ticket.players) {
    put_uuid(bytes_, player.player_id.uuid());
    put_points(bytes_, player.mmr);
    put_points(bytes_, player.deviation);
  }
  if (ticket.latencies) {
    put_varint(bytes_, ticket.latencies->size());
    for (const auto& [region, ms] : *ticket.latencies) {
      put_text(bytes_, region.str());
      put_points(bytes_, ms);
    }
  }
  close();
}

void EventEncoder::left(Track& track, matching::Slot slot, LeaveReason why) {
  start(Kind::left, track);
  put_varint(bytes_, slot);
  bytes_.push_back(static_cast<char>(why));
  close();
}

void EventEncoder::sorted(Track& track) {
  start(Kind::sorted, track);
  close();
}

void EventEncoder::planned(Track& track, matching::BucketMs now, const matching::TickPlan& plan) {
  start(Kind::planned, track);
  put_now(track, now);
  put_varint(bytes_, plan.matches.size());
  for (const matching::PlannedMatch& match : plan.matches) {
    put_double(bytes_, match.quality);
    put_double(bytes_, match.spread);
    put_double(bytes_, match.advantage);
    put_varint(bytes_, match.seats);
    for (const matching::Seat& seat : plan.seats_of(match)) {
      put_varint(bytes_, seat.slot);
      put_varint(bytes_, seat.team);
    }
  }
  put_expired(plan.expired);
}

void EventEncoder::timed(Track& track, matching::BucketMs now, const std::vector<matching::Slot>& expired) {
  start(Kind::timed, track);
  put_now(track, now);
  put_expired(expired);
}

void EventEncoder::put_expired(const std::vector<matching::Slot>& expired) {
  put_varint(bytes_, expired.size());
  for (const matching::Slot slot : expired) put_varint(bytes_, slot);
  close();
}

void EventEncoder::end(Track& track) {
  start(Kind::ended, track);
  track.generation = 0;
  close();
}

}  // namespace mm::matchmaker::recording
