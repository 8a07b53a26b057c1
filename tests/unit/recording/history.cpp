#include "tests/unit/recording/history.h"

#include <stdlib.h>

#include <filesystem>

#include "common/base/result.h"

namespace mm::matchmaker::recording {
namespace {

const Region& other_region() {
  static const Region region = *Region::parse("us-east");
  return region;
}

}  // namespace

History::History(std::uint64_t seed)
    : random_(seed), files_(1), encoder_([this](std::string&& piece) { files_.back().push_back(std::move(piece)); }) {
  encoder_.open();
  for (int i = 0; i < 3; ++i) {
    const int size = i == 0 ? 1 : 1 + static_cast<int>(random_() % 5);
    const auto rules = some_rules();
    const auto name =
        "t" + std::to_string(i) + ":" + rules.id.str() + ":" + default_region().str() + ":" + std::to_string(size);
    buckets_.push_back({std::make_unique<RecordedPool>(
                            name, RecordedPool::Setup{rules, size, default_region(), !one_in(8)}, &encoder_),
                        {}});
  }
}

ModeRules History::some_rules() {
  ModeRules rules;
  rules.id = ranked_mode();
  if (one_in(4)) rules.teams = 3;
  if (one_in(4)) rules.widen = Widening::steps;
  if (one_in(6)) rules.use_rating = false;
  if (one_in(3)) rules.premade_offset = {0, 12.5, 1.0 / 3};
  if (one_in(3)) rules.max_latency_ms = 80;
  rules.widen_seconds = between(1, 40);
  return rules;
}

matching::PoolTicket History::some_ticket(int team_size) {
  matching::PoolTicket ticket;
  Uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
  ticket.id = TicketId(id);
  ticket.attempt = 1;
  ticket.change = ++change_;
  const int size = one_in(3) ? 1 + static_cast<int>(random_() % static_cast<unsigned>(team_size)) : 1;
  const double around = between(1200, 1800);
  for (int i = 0; i < size; ++i) {
    id.bytes[0] = static_cast<std::uint8_t>(i);
    // Some ratings are whole hundredths, others are not.
    const double mmr = one_in(2) ? around + i : static_cast<double>(static_cast<int>(around * 100) + i) / 100;
    ticket.players.push_back({PlayerId(id), mmr, between(30, 350)});
  }
  if (size > 1) ticket.party = PartyId(id);
  ticket.queued_at = now_ - static_cast<matching::BucketMs>(random_() % 20'000);
  ticket.deadline = ticket.queued_at + 20'000 + static_cast<matching::BucketMs>(random_() % 60'000);
  if (one_in(4)) ticket.latencies = Latencies{{default_region(), between(0, 120)}, {other_region(), between(0, 120)}};
  return ticket;
}

void History::leave(Bucket& bucket, TicketId id, LeaveReason why) {
  bucket.pool->erase(id, why);
  bucket.waiting.erase(id);
}

void History::change_tickets(Bucket& bucket) {
  const int team_size = bucket.pool->pool().team_size();
  for (auto left = random_() % 6; left > 0; --left) {
    const auto ticket = some_ticket(team_size);
    bucket.pool->upsert(ticket);
    bucket.waiting[ticket.id] = ticket;
  }
  if (!bucket.waiting.empty() && one_in(2)) {
    auto some = bucket.waiting.begin();
    std::advance(some, static_cast<std::ptrdiff_t>(random_() % bucket.waiting.size()));
    const auto id = some->first;
    if (one_in(2)) {
      leave(bucket, id, static_cast<LeaveReason>(random_() % kLeaveReasons));
    } else {
      if (!one_in(3)) {  // otherwise the same ticket again, which changes nothing
        some->second.change = ++change_;
        ++some->second.attempt;
        some->second.deadline += 10'000;
      }
      bucket.pool->upsert(some->second);
    }
  }
  if (one_in(3)) static_cast<void>(bucket.pool->pool().oldest());  // a read in between must not matter
  if (one_in(60)) {
    bucket.pool->clear();
    bucket.waiting.clear();
  }
  if (one_in(40)) bucket.pool->set_rules(some_rules(), !one_in(5));
}

void History::plan(Bucket& bucket) {
  bucket.pool->before_plan();
  const auto plan = bucket.pool->plan(now_, workspace_);
  bucket.pool->after_plan(now_, plan);
  ++plans_;
  matches_ += plan.matches.size();
  std::vector<std::pair<TicketId, LeaveReason>> leaving;
  for (const auto& match : plan.matches) {
    const bool refused = one_in(10);
    for (const auto& seat : plan.seats_of(match)) {
      if (!refused) leaving.emplace_back(bucket.pool->pool().id(seat.slot), LeaveReason::committed);
    }
    if (refused) leaving.emplace_back(bucket.pool->pool().id(plan.seats_of(match)[0].slot), LeaveReason::refused);
  }
  for (const auto slot : plan.expired) {
    if (!one_in(5)) leaving.emplace_back(bucket.pool->pool().id(slot), LeaveReason::timed_out);
  }
  for (const auto& [id, why] : leaving) leave(bucket, id, why);
}

void History::run(int ticks, bool files) {
  for (int i = 0; i < ticks; ++i) {
    now_ += one_in(10) ? 3'000 : 100;
    if (files && one_in(25)) {
      encoder_.flush();
      files_.emplace_back();
      encoder_.open();
    }
    if (files && one_in(40)) {
      encoder_.stop();
    } else if (!encoder_.running() && one_in(3)) {
      encoder_.open();
      encoder_.gap(TimePoint(Milliseconds(now_ - 500)), TimePoint(Milliseconds(now_)));
    }
    encoder_.tick(TimePoint(Milliseconds(now_)));
    for (auto& bucket : buckets_) change_tickets(bucket);
    for (auto& bucket : buckets_) plan(bucket);
  }
  if (encoder_.running()) encoder_.flush();
}

Played play(const Pieces& pieces) {
  Replayer replayer;
  EventReader events;
  Event event;
  for (const auto& piece : pieces) {
    ByteReader block(piece);
    while (events.next(block, event) && replayer.play(event)) {
    }
  }
  return {replayer.counts(), replayer.differences(), events.failure().empty() ? replayer.failure() : events.failure()};
}

Folder::Folder() {
  char name[] = "/tmp/mm_recording_XXXXXX";
  check(::mkdtemp(name) != nullptr, "no temporary folder");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace mm::matchmaker::recording
