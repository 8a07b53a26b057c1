#include "services/simulator/analysis/queue_source.h"

#include <algorithm>
#include <cstdio>

#include "services/matchmaker/recording/file_reader.h"
#include "services/matchmaker/recording/replay.h"
#include "services/simulator/policies/ours.h"
#include "services/simulator/world/simulation.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

using matchmaker::recording::Event;
using matchmaker::recording::FileReader;
using matchmaker::recording::Kind;
using matchmaker::recording::Replayer;

/// Reads a recording until `hear` returns false.
template <class Hear>
Result<Done, std::string> each_event(const std::string& path, Hear&& hear) {
  auto file = FileReader::open(path);
  if (!file) return fail(file.error());
  matchmaker::recording::EventReader events;
  Event event;
  std::string piece;
  auto read = file->next(piece);
  for (; read == FileReader::Read::events; read = file->next(piece)) {
    matchmaker::recording::ByteReader block(piece);
    while (events.next(block, event)) {
      if (!hear(event)) return Done{};
    }
    if (!events.failure().empty()) return fail(path + ": " + events.failure());
  }
  if (read == FileReader::Read::damaged) return fail(file->failure());
  return Done{};
}

/// Replays a recording and takes the looks.
class Projection {
 public:
  Projection(const Looks& looks, const TakeLook& take) : looks_(looks), take_(take) {}

  /// Returns false if all looks are taken, or if the recording cannot be replayed (see failure()).
  bool hear(const Event& event) {
    if (event.kind == Kind::tick) {
      if (replayer_.counts().ticks == 0) began_ = event.wall;
      while (taken_ < looks_.count && event.wall - began_ > Milliseconds(next())) look();
      if (taken_ == looks_.count) return false;
    }
    // At the end of a complete recording its buckets are ended, so a look that is due is taken before that.
    if (event.kind == Kind::ended && replayer_.counts().last - began_ >= Milliseconds(next())) look();
    return taken_ < looks_.count && replayer_.play(event);
  }

  /// Takes the looks that are due at the end of the recording.
  Result<Done, std::string> end(const std::string& path) {
    if (!replayer_.failure().empty()) return fail(path + ": " + replayer_.failure());
    if (replayer_.counts().ticks == 0) return fail(path + " contains no tick");
    while (taken_ < looks_.count && replayer_.counts().last - began_ >= Milliseconds(next())) look();
    if (taken_ == looks_.count) return Done{};
    char text[160];
    std::snprintf(text, sizeof text, "--at: the recording ends after %.1f s, before the requested %.1f s",
                  static_cast<double>((replayer_.counts().last - began_).count()) / 1000,
                  static_cast<double>(next()) / 1000);
    return fail(std::string(text));
  }

 private:
  matching::BucketMs next() const { return looks_.first + taken_ * looks_.every; }

  void look() {
    const auto& counts = replayer_.counts();
    const auto ticks = std::max<matching::BucketMs>(1, static_cast<matching::BucketMs>(counts.ticks) - 1);
    const matching::BucketMs every =
        counts.ticks < 2 ? 100 : ((counts.last - counts.first).count() + ticks / 2) / ticks;
    Look seen{(counts.last - began_).count(), {}};
    replayer_.each_bucket(
        [&](const std::string& name, const matchmaker::recording::RecordedPool& taped, matching::BucketMs now) {
          if (taped.pool().empty() || !taped.known()) return;
          seen.queues.push_back({name, taped.pool(), taped.memory(), now, {now + every, every}});
        });
    ++taken_;
    take_(seen);
  }

  const Looks& looks_;
  const TakeLook& take_;
  Replayer replayer_;
  TimePoint began_{};
  int taken_ = 0;
};

/// Our policy, which takes the looks while the simulation runs.
class LookingPolicy : public Policy {
 public:
  LookingPolicy(const Terms& terms, matching::BucketMs begin, const Looks& looks, const TakeLook& take)
      : terms_(terms), begin_(begin), looks_(looks), take_(take), ours_(terms, {true, false}) {}

  void enter(const WaitingTicket& ticket) override { ours_.enter(ticket); }
  void leave(TicketNumber number, matching::BucketMs now) override { ours_.leave(number, now); }
  matching::BucketMs due() const override { return taken_ < looks_.count ? std::min(ours_.due(), next()) : kNever; }

  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override {
    ours_.tick(now, made);
    // Ticks are at multiples of tick_ms; a look is taken at the last tick that is not after its time.
    while (taken_ < looks_.count && now + terms_.tick_ms > next()) look(now);
  }

 private:
  matching::BucketMs next() const { return begin_ + looks_.first + taken_ * looks_.every; }

  void look(matching::BucketMs now) {
    Look seen{now - begin_, {}};
    for (std::size_t region = 0; region < terms_.regions.size(); ++region) {
      const matching::Pool& pool = ours_.pool(region);
      if (pool.empty()) continue;
      seen.queues.push_back(
          {terms_.rules.id.str() + ":" + terms_.regions[region].str() + ":" + std::to_string(terms_.team_size),
           pool,
           ours_.memory(region),
           now,
           {now + terms_.tick_ms, terms_.tick_ms}});
    }
    ++taken_;
    take_(seen);
  }

  const Terms& terms_;
  matching::BucketMs begin_;
  const Looks& looks_;
  const TakeLook& take_;
  Ours ours_;
  int taken_ = 0;
};

}  // namespace

Result<Done, std::string> look_at_recording(const std::string& path, const Looks& looks, const TakeLook& take) {
  Projection projection(looks, take);
  const auto read = each_event(path, [&](const Event& event) { return projection.hear(event); });
  if (!read) return fail(read.error());
  return projection.end(path);
}

Result<matching::BucketMs, std::string> recorded_ms(const std::string& path) {
  std::optional<TimePoint> first;
  TimePoint last{};
  const auto read = each_event(path, [&](const Event& event) {
    if (event.kind != Kind::tick) return true;
    if (!first) first = event.wall;
    last = event.wall;
    return true;
  });
  if (!read) return fail(read.error());
  if (!first) return fail(path + " contains no tick");
  return (last - *first).count();
}

void look_at_population(const Population& population, const ModeRules& rules, std::uint64_t seed, const Looks& looks,
                        const TakeLook& take) {
  const Crowd crowd(population, seed);
  const Terms terms = terms_for(population, rules, crowd, seed);
  const auto begin = static_cast<matching::BucketMs>(population.start_hour * 3'600'000);
  LookingPolicy policy(terms, begin, looks, take);
  Simulation simulation(population, crowd, terms, policy);
  static_cast<void>(simulation.run_until(begin + looks.last() + terms.tick_ms));
}

}  // namespace mm::simulator
