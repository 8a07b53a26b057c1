#include "services/simulator/policies/ours.h"

#include <algorithm>

#include "services/matchmaker/matching/rules/window.h"
#include "services/matchmaker/matching/ticket/latency.h"

namespace mm::simulator {
namespace {

/// An id that sorts by number, as the platform's ids sort by time.
Uuid uuid_of(std::uint64_t number) {
  Uuid uuid;
  for (std::size_t i = 0; i < 6; ++i) uuid.bytes[5 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  uuid.bytes[6] = 0x70;
  uuid.bytes[8] = 0x80;
  return uuid;
}

TicketNumber number_of(const TicketId& id) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 6; ++i) number = number << 8 | id.uuid().bytes[i];
  return static_cast<TicketNumber>(number);
}

}  // namespace

Ours::Ours(const Terms& terms, Options options) : terms_(terms), options_(options) {
  for (const Region& region : terms.regions)
    buckets_.push_back({matching::Pool(terms.rules, terms.team_size, region), {}, {}});
}

void Ours::enter(const WaitingTicket& ticket) {
  waiting_.emplace(ticket.number, ticket);
  if (ticket.latencies.empty()) return offer(buckets_[ticket.region], ticket);
  for (Bucket& bucket : buckets_) offer(bucket, ticket);
}

void Ours::offer(Bucket& bucket, const WaitingTicket& ticket) const {
  matching::PoolTicket offered;
  offered.id = TicketId(uuid_of(ticket.number));
  offered.change = 1;
  offered.queued_at = ticket.queued_at;
  offered.deadline = ticket.deadline;
  for (const Player& player : ticket.players) offered.players.push_back({PlayerId(), player.mmr, player.deviation});
  if (!ticket.latencies.empty()) {
    Latencies& latencies = offered.latencies.emplace();
    for (std::size_t r = 0; r < terms_.regions.size(); ++r) {
      latencies[terms_.regions[r]] = static_cast<double>(ticket.latencies[r]);
    }
    if (!matching::opens_after_ms(terms_.rules, latencies, bucket.pool.region())) return;
  }
  bucket.pool.upsert(offered);
  bucket.due = ticket.queued_at;
  if (options_.holds) bucket.arrivals.note(ticket.queued_at, ticket.rating);
}

void Ours::leave(TicketNumber number, matching::BucketMs now) {
  take(number, now);
  waiting_.erase(number);
}

void Ours::take(TicketNumber number, matching::BucketMs now) {
  for (Bucket& bucket : buckets_) {
    if (bucket.pool.erase(TicketId(uuid_of(number)))) bucket.due = now;
  }
}

// The next change is computed here and not in tick(), because the daemon does not have this cost.
matching::BucketMs Ours::due() const {
  matching::BucketMs soonest = kNever;
  for (std::size_t region = 0; region < buckets_.size(); ++region) {
    Bucket& bucket = buckets_[region];
    if (bucket.pool.empty()) continue;
    if (bucket.due == kUnknown) bucket.due = next_change(region);
    soonest = std::min(soonest, bucket.due);
  }
  return soonest;
}

// A ticket may be in the pools of several regions. The first region that matches it takes it, as in the daemon.
void Ours::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  const std::size_t first = made.size();
  now_ = now;
  for (std::size_t region = 0; region < buckets_.size(); ++region) {
    Bucket& bucket = buckets_[region];
    if (bucket.pool.empty() || (bucket.due > now && !options_.every_tick)) continue;
    const bool matched = plan_bucket(region, now, made);
    bucket.due = options_.every_tick || matched ? now + terms_.tick_ms : kUnknown;
  }
  for (std::size_t i = first; i < made.size(); ++i) {
    for (const MadeSeat& seat : made[i].seats) leave(seat.ticket, now);
  }
}

bool Ours::plan_bucket(std::size_t region, matching::BucketMs now, std::vector<MadeMatch>& made) {
  Bucket& bucket = buckets_[region];
  const matching::TickPlan plan = matching::plan(bucket.pool, terms_.rules, now, bucket.memory, workspace_);
  for (const matching::PlannedMatch& planned : plan.matches) {
    if (options_.holds && held_back(bucket, plan, planned, now)) continue;
    MadeMatch& match = made.emplace_back();
    match.region = static_cast<std::uint8_t>(region);
    for (const matching::Seat& seat : plan.seats_of(planned)) {
      const TicketNumber number = number_of(bucket.pool.id(seat.slot));
      const int size = waiting_.at(number).size();
      for (int i = 0; i < size; ++i) {
        match.seats.push_back({number, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(seat.team)});
      }
    }
    // The tickets leave the other regions' pools at once, so that these do not plan with them in this tick.
    for (const matching::Seat& seat : plan.seats_of(planned)) {
      const TicketId id = bucket.pool.id(seat.slot);
      for (std::size_t other = 0; other < buckets_.size(); ++other) {
        if (other != region) buckets_[other].pool.erase(id);
      }
    }
  }
  return !plan.matches.empty();
}

bool Ours::held_back(Bucket& bucket, const matching::TickPlan& plan, const matching::PlannedMatch& planned,
                     matching::BucketMs now) const {
  Prospect prospect{0, planned.spread, planned.quality, static_cast<int>(planned.seats), 0};
  for (const matching::Seat& seat : plan.seats_of(planned)) {
    const WaitingTicket& ticket = waiting_.at(number_of(bucket.pool.id(seat.slot)));
    prospect.rating += ticket.rating / planned.seats;
    prospect.waited_ms = std::max(prospect.waited_ms, now - ticket.queued_at);
  }
  return worth_holding(prospect, terms_.rules, bucket.arrivals.density(prospect.rating, now));
}

// The result is not later than the first time at which two tickets newly accept each other. At that time one of their
// windows reaches the other's rating, and no other rating is nearer outside that window. The core keeps ratings in its
// own units; a little is subtracted from each gap, so that rounding never makes the result too late.
matching::BucketMs Ours::next_change(std::size_t region) const {
  constexpr matching::Rating kRounding = 2;
  struct Standing {
    matching::Rating rating;
    matching::BucketMs queued_at;
  };
  const matching::Pool& pool = buckets_[region].pool;
  std::vector<Standing> line;
  matching::BucketMs soonest = kNever;
  for (const auto& [number, ticket] : waiting_) {
    const auto slot = pool.slot_of(TicketId(uuid_of(number)));
    if (!slot) continue;
    line.push_back({matching::rating_of(ticket.rating), ticket.queued_at});
    const auto opens = ticket.latencies.empty() ? std::nullopt : pool.opens_at(*slot);
    if (opens && *opens > now_) soonest = std::min(soonest, *opens);
  }
  std::sort(line.begin(), line.end(), [](const Standing& a, const Standing& b) { return a.rating < b.rating; });
  const auto below_rating = [](const Standing& ticket, matching::Rating rating) { return ticket.rating < rating; };
  const auto above_rating = [](matching::Rating rating, const Standing& ticket) { return rating < ticket.rating; };
  const matching::Window window(terms_.rules);
  for (const Standing& ticket : line) {
    const matching::Rating reach = window.at(now_ - ticket.queued_at) - kRounding;
    const auto above = std::upper_bound(line.begin(), line.end(), ticket.rating + reach, above_rating);
    const auto below = std::lower_bound(line.begin(), line.end(), ticket.rating - reach, below_rating);
    matching::BucketMs after = matching::Window::kNever;
    if (above != line.end()) after = std::min(after, window.reaches(above->rating - ticket.rating - kRounding));
    if (below != line.begin()) {
      after = std::min(after, window.reaches(ticket.rating - std::prev(below)->rating - kRounding));
    }
    if (after != matching::Window::kNever) soonest = std::min(soonest, ticket.queued_at + after);
  }
  return soonest == kNever ? kNever : std::max(soonest, now_ + 1);
}

}  // namespace mm::simulator
