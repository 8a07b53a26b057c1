#include "services/matchmaker/recording/replay.h"

#include <bit>
#include <cstdio>

#include "services/matchmaker/recording/file_reader.h"

namespace mm::matchmaker::recording {
namespace {

constexpr std::size_t kMaxDifferences = 100;

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

std::string counted(const char* what, std::size_t recorded, std::size_t planned) {
  return std::string(what) + ": " + std::to_string(recorded) + " recorded, " + std::to_string(planned) + " planned";
}

std::string figures(const char* what, std::size_t match, double recorded, double planned) {
  char text[128];
  std::snprintf(text, sizeof text, "match %zu: %s %.17g recorded, %.17g planned", match + 1, what, recorded, planned);
  return text;
}

/// Parses tenant:mode:region:team_size; a pool needs the last two.
bool parse_name(const std::string& name, RecordedPool::Setup& setup) {
  const auto last = name.rfind(':');
  if (last == std::string::npos || last == 0) return false;
  const auto before = name.rfind(':', last - 1);
  if (before == std::string::npos) return false;
  const auto region = Region::parse(std::string_view(name).substr(before + 1, last - before - 1));
  int size = 0;
  for (const char c : std::string_view(name).substr(last + 1)) {
    if (c < '0' || c > '9' || size > limits::kMaxTeamSize) return false;
    size = size * 10 + (c - '0');
  }
  if (!region || size < 1 || size > limits::kMaxTeamSize) return false;
  setup.region = *region;
  setup.team_size = size;
  return true;
}

}  // namespace

bool Replayer::refuse(std::string why) {
  failure_ = std::move(why);
  return false;
}

bool Replayer::play(const Event& event) {
  if (!failure_.empty()) return false;
  switch (event.kind) {
    case Kind::tick:
      ++counts_.ticks;
      if (counts_.ticks == 1) counts_.first = event.wall;
      counts_.last = event.wall;
      return true;
    case Kind::gap:
      ++counts_.gaps;
      buckets_.clear();
      return true;
    case Kind::begun: return begin(event);
    default: break;
  }
  const auto found = buckets_.find(event.bucket);
  if (found == buckets_.end()) return refuse("a bucket that has not begun");
  Bucket& bucket = found->second;
  switch (event.kind) {
    case Kind::put: return put(bucket, event);
    case Kind::left: return leave(bucket, event);
    case Kind::sorted: static_cast<void>(bucket.pool->pool().sorted()); return true;
    case Kind::planned:
    case Kind::timed: plan(bucket, event); return true;
    case Kind::ended: buckets_.erase(found); return true;
    case Kind::tick:
    case Kind::begun:
    case Kind::gap: break;
  }
  return true;
}

bool Replayer::begin(const Event& event) {
  RecordedPool::Setup setup{event.rules, 1, {}, event.known};
  if (!parse_name(event.name, setup)) return refuse("\"" + event.name + "\" is not a bucket name");
  ++counts_.buckets;
  Bucket& bucket = buckets_[event.bucket];
  bucket.name = event.name;
  bucket.pool = std::make_unique<RecordedPool>(event.name, std::move(setup), nullptr);
  bucket.in_slot.clear();
  return true;
}

bool Replayer::put(Bucket& bucket, const Event& event) {
  const auto upserted = bucket.pool->upsert(event.ticket);
  if (upserted == matching::Pool::Upserted::ignored)
    return refuse("a ticket in " + bucket.name + " that the pool rejects");
  if (upserted == matching::Pool::Upserted::added) {
    ++counts_.puts;
    counts_.players += event.ticket.players.size();
  }
  if (bucket.in_slot.size() <= event.slot) bucket.in_slot.resize(event.slot + 1);
  bucket.in_slot[event.slot] = event.ticket.id;
  return true;
}

bool Replayer::leave(Bucket& bucket, const Event& event) {
  if (event.slot >= bucket.in_slot.size() || !bucket.pool->erase(bucket.in_slot[event.slot], event.why)) {
    return refuse("a ticket left " + bucket.name + " that was not there");
  }
  ++counts_.left[static_cast<std::size_t>(event.why)];
  return true;
}

void Replayer::plan(Bucket& bucket, const Event& event) {
  const matching::TickPlan plan = bucket.pool->plan(event.now, workspace_);
  bucket.now = event.now;
  ++counts_.plans;
  counts_.matches += plan.matches.size();
  const auto players = bucket.pool->rules().teams * bucket.pool->pool().team_size();
  counts_.matched_players += plan.matches.size() * static_cast<std::size_t>(players);
  auto what = difference(bucket, event, plan);
  if (what.empty()) return;
  ++counts_.differences;
  if (differences_.size() < kMaxDifferences) differences_.push_back({counts_.last, bucket.name, std::move(what)});
}

bool Replayer::is(const Bucket& bucket, matching::Slot recorded, matching::Slot planned) const {
  return recorded < bucket.in_slot.size() && bucket.in_slot[recorded] == bucket.pool->pool().id(planned);
}

std::string Replayer::difference(const Bucket& bucket, const Event& event, const matching::TickPlan& plan) const {
  // After a timed event, the match fields of `event` belong to an earlier event.
  const std::size_t recorded = event.kind == Kind::planned ? event.matches.size() : 0;
  if (recorded != plan.matches.size()) return counted("matches", recorded, plan.matches.size());
  if (event.expired.size() != plan.expired.size()) return counted("expired", event.expired.size(), plan.expired.size());
  for (std::size_t i = 0; i < plan.expired.size(); ++i) {
    if (!is(bucket, event.expired[i], plan.expired[i])) return "another ticket has expired";
  }
  for (std::size_t i = 0; i < recorded; ++i) {
    if (auto what = in_match(bucket, event, plan, i); !what.empty()) return what;
  }
  return {};
}

std::string Replayer::in_match(const Bucket& bucket, const Event& event, const matching::TickPlan& plan,
                               std::size_t i) const {
  const RecordedMatch& was = event.matches[i];
  const matching::PlannedMatch& is_now = plan.matches[i];
  if (was.seats != is_now.seats)
    return "match " + std::to_string(i + 1) + ": " + counted("seats", was.seats, is_now.seats);
  for (std::uint32_t s = 0; s < was.seats; ++s) {
    const RecordedSeat& recorded = event.seats[was.first_seat + s];
    const matching::Seat& seat = plan.seats[is_now.first_seat + s];
    if (recorded.team != seat.team || !is(bucket, recorded.slot, seat.slot)) {
      return "match " + std::to_string(i + 1) + ": " + bucket.pool->pool().id(seat.slot).to_string() +
             " in a seat of another ticket";
    }
  }
  if (!same_bits(was.quality, is_now.quality)) return figures("quality", i, was.quality, is_now.quality);
  if (!same_bits(was.spread, is_now.spread)) return figures("spread", i, was.spread, is_now.spread);
  if (!same_bits(was.advantage, is_now.advantage)) return figures("advantage", i, was.advantage, is_now.advantage);
  return {};
}

FileReplay replay_file(const std::string& path) {
  FileReplay replay;
  auto file = FileReader::open(path);
  if (!file) {
    replay.failure = file.error();
    return replay;
  }
  Replayer replayer;
  EventReader events;
  Event event;
  std::string piece;
  auto read = file->next(piece);
  for (; read == FileReader::Read::events; read = file->next(piece)) {
    ByteReader block(piece);
    while (events.next(block, event) && replayer.play(event)) {
    }
    replay.failure = !events.failure().empty() ? events.failure() : replayer.failure();
    if (replay.failure.empty()) continue;
    replay.failure = path + ": " + replay.failure;
    break;
  }
  if (read == FileReader::Read::damaged) replay.failure = file->failure();
  replay.unfinished = read == FileReader::Read::unfinished;
  replay.counts = replayer.counts();
  replay.differences = replayer.differences();
  return replay;
}

}  // namespace mm::matchmaker::recording
