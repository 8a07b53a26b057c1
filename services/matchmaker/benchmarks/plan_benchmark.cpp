// Measures the duration of a tick: first ticks of full queues (solo 1v1 and 5v5, parties), a steady tick with 1 % new
// tickets, a waiting crowd; and the memory per ticket. In the benchmarks with a waiting crowd, only plan() is timed.
// Ratings are drawn from N(1500, 300), waits from 0 to 20 s; seeds are fixed.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <random>

#include "common/base/id.h"
#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/pool/pool.h"

namespace mm::matching {
namespace {

constexpr BucketMs kNow = 1'800'000'000'000;

enum class Sizes { solo, parties, trios, trios_and_few_solos };

/// Draws tickets. Ids are like the platform's: version 7, increasing.
class Tickets {
 public:
  Tickets(std::uint64_t seed, Sizes sizes, int team_size) : random_(seed), sizes_(sizes), team_size_(team_size) {}

  PoolTicket next(BucketMs now) {
    PoolTicket ticket;
    ticket.id = TicketId(id());
    const double mean = std::clamp(rating_(random_), 0.0, 3000.0);
    const int size = draw_size();
    for (int i = 0; i < size; ++i) {
      ticket.players.push_back({PlayerId(id()), std::round(mean * 100) / 100, 60});
    }
    ticket.queued_at = now - static_cast<BucketMs>(random_() % 20'000);
    ticket.deadline = ticket.queued_at + 600'000;
    return ticket;
  }

 private:
  Uuid id() {
    Uuid uuid;
    const std::uint64_t time = ++issued_;
    const std::uint64_t noise = random_();
    for (std::size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
    for (std::size_t i = 0; i < 8; ++i) uuid.bytes[8 + i] = static_cast<std::uint8_t>(noise >> (8 * i));
    uuid.bytes[6] = 0x70;
    uuid.bytes[8] = 0x80;
    return uuid;
  }

  int draw_size() {
    if (sizes_ == Sizes::solo) return 1;
    if (sizes_ == Sizes::trios || (sizes_ == Sizes::trios_and_few_solos && random_() % 50 != 0)) return 3;
    if (sizes_ == Sizes::trios_and_few_solos) return 1;
    const auto x = random_() % 100;
    return std::min(team_size_, x < 60 ? 1 : x < 80 ? 2 : x < 90 ? 3 : x < 95 ? 4 : 5);
  }

  std::mt19937_64 random_;
  std::normal_distribution<double> rating_{1500, 300};
  Sizes sizes_;
  int team_size_;
  std::uint64_t issued_ = 1'800'000'000'000;
};

ModeRules rules() {
  ModeRules made;
  made.id = *Mode::parse("bench");
  return made;
}

std::size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// `left`: the number of tickets that the tick did not match.
void report(benchmark::State& state, std::size_t left, const TickPlan& tick) {
  double spread = 0;
  double quality = 0;
  for (const auto& match : tick.matches) {
    spread += match.spread;
    quality += match.quality;
  }
  const auto matches = static_cast<double>(tick.matches.size());
  state.counters["matches"] = matches;
  state.counters["mean_spread"] = matches > 0 ? spread / matches : 0;
  state.counters["mean_quality"] = matches > 0 ? quality / matches : 0;
  state.counters["left_over"] = static_cast<double>(left);
  state.counters["ns_per_ticket"] =
      benchmark::Counter(static_cast<double>(left + tick.seats.size()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void erase_matched(Pool& pool, const TickPlan& tick) {
  std::vector<TicketId> gone;
  for (const Seat& seat : tick.seats) gone.push_back(pool.id(seat.slot));
  for (const TicketId& id : gone) pool.erase(id);
}

template <class Work>
double seconds_of(const Work& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

/// A crowd that cannot be matched (parties of 3 in teams of 5). In each tick 1 % leave and as many arrive. Some of the
/// arrivals may be solo players, for whom the parties compete.
void waiting_crowd(benchmark::State& state, Sizes sizes) {
  const ModeRules mode = rules();
  Pool pool(mode, 5, default_region());
  Tickets tickets(7, sizes, 5);
  std::vector<TicketId> order;
  const auto add = [&](BucketMs now) {
    const PoolTicket ticket = tickets.next(now);
    order.push_back(ticket.id);
    pool.upsert(ticket);
  };
  for (std::int64_t i = 0; i < state.range(0); ++i) add(kNow);
  PlannerMemory memory;
  Workspace workspace;
  BucketMs now = kNow;
  std::size_t leaving = 0;
  TickPlan tick = plan(pool, mode, now, memory, workspace);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0) / 100; ++i) {
      pool.erase(order[leaving++]);
      add(now);
    }
    state.SetIterationTime(seconds_of([&] { tick = plan(pool, mode, now, memory, workspace); }));
    erase_matched(pool, tick);
    now += 100;
  }
  report(state, pool.size(), tick);
}

/// Solo players of whom no two accept each other (the window is narrower than the gaps between ratings). In each tick 1
/// % leave and as many arrive between the others.
void strangers(benchmark::State& state) {
  ModeRules mode = rules();
  mode.initial_window = mode.max_window = 0.01;
  Pool pool(mode, 1, default_region());
  Tickets tickets(7, Sizes::solo, 1);
  std::vector<TicketId> order;
  std::uint64_t place = 0;
  const auto add = [&](BucketMs now) {
    PoolTicket ticket = tickets.next(now);
    // Ratings are multiples of 0.02 points, assigned in a scattered order.
    const std::uint64_t places = static_cast<std::uint64_t>(state.range(0)) * 5 / 4;
    ticket.players[0].mmr = static_cast<double>(place++ * 7'919 % places) * 0.02;
    order.push_back(ticket.id);
    pool.upsert(ticket);
  };
  for (std::int64_t i = 0; i < state.range(0); ++i) add(kNow);
  PlannerMemory memory;
  Workspace workspace;
  BucketMs now = kNow;
  std::size_t leaving = 0;
  TickPlan tick = plan(pool, mode, now, memory, workspace);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0) / 100; ++i) {
      pool.erase(order[leaving++]);
      add(now);
    }
    state.SetIterationTime(seconds_of([&] { tick = plan(pool, mode, now, memory, workspace); }));
    now += 100;
  }
  report(state, pool.size(), tick);
}

/// A small bucket without changes, as in most ticks of most buckets.
void quiet_bucket(benchmark::State& state) {
  const ModeRules mode = rules();
  Pool pool(mode, 5, default_region());
  Tickets tickets(7, Sizes::solo, 5);
  for (std::int64_t i = 0; i < state.range(0); ++i) pool.upsert(tickets.next(kNow));
  PlannerMemory memory;
  Workspace workspace;
  BucketMs now = kNow + 60'000;
  for (auto _ : state) benchmark::DoNotOptimize(plan(pool, mode, now++, memory, workspace).matches.data());
}

/// The first tick of a queue: the planner's memory is empty, only the sorted list exists.
void first_tick(benchmark::State& state, int team_size, Sizes sizes) {
  const ModeRules mode = rules();
  Pool pool(mode, team_size, default_region());
  const std::size_t before = allocated_bytes();
  Tickets tickets(7, sizes, team_size);
  for (std::int64_t i = 0; i < state.range(0); ++i) pool.upsert(tickets.next(kNow));
  benchmark::DoNotOptimize(pool.sorted().size());
  const auto bytes = static_cast<double>(allocated_bytes() - before);
  Workspace workspace;
  TickPlan tick;
  for (auto _ : state) {
    PlannerMemory memory;
    tick = plan(pool, mode, kNow, memory, workspace);
    benchmark::DoNotOptimize(tick.matches.data());
  }
  report(state, pool.size() - tick.seats.size(), tick);
  state.counters["bytes_per_ticket"] = bytes / static_cast<double>(pool.size());
}

/// A tick after the first tick of a full queue: 1 % arrive, a tick is planned, matched tickets are erased. Arrivals and
/// erasures are timed too.
void steady_tick(benchmark::State& state, int team_size, Sizes sizes) {
  const ModeRules mode = rules();
  Pool pool(mode, team_size, default_region());
  Tickets tickets(7, sizes, team_size);
  for (std::int64_t i = 0; i < state.range(0); ++i) pool.upsert(tickets.next(kNow));
  PlannerMemory memory;
  Workspace workspace;
  BucketMs now = kNow;
  std::vector<PoolTicket> arriving;
  TickPlan tick = plan(pool, mode, now, memory, workspace);
  erase_matched(pool, tick);
  for (auto _ : state) {
    state.PauseTiming();
    arriving.clear();
    for (std::int64_t i = 0; i < state.range(0) / 100; ++i) arriving.push_back(tickets.next(now));
    state.ResumeTiming();
    for (const auto& ticket : arriving) pool.upsert(ticket);
    tick = plan(pool, mode, now, memory, workspace);
    erase_matched(pool, tick);
    now += 100;
  }
  report(state, pool.size(), tick);
}

void solo_1v1(benchmark::State& state) { first_tick(state, 1, Sizes::solo); }
void solo_5v5(benchmark::State& state) { first_tick(state, 5, Sizes::solo); }
void parties_5v5(benchmark::State& state) { first_tick(state, 5, Sizes::parties); }
void steady_solo_1v1(benchmark::State& state) { steady_tick(state, 1, Sizes::solo); }
void steady_parties_5v5(benchmark::State& state) { steady_tick(state, 5, Sizes::parties); }

void waiting_trios(benchmark::State& state) { waiting_crowd(state, Sizes::trios); }
void trios_and_few_solos(benchmark::State& state) { waiting_crowd(state, Sizes::trios_and_few_solos); }

BENCHMARK(solo_1v1)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(solo_5v5)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(parties_5v5)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(steady_solo_1v1)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(steady_parties_5v5)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(strangers)->Arg(100'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(waiting_trios)->Arg(100'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(trios_and_few_solos)->Arg(100'000)->UseManualTime()->Unit(benchmark::kMillisecond);

BENCHMARK(quiet_bucket)->Arg(0)->Arg(5)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mm::matching

BENCHMARK_MAIN();
