// Tests of the five properties of a tick, on random queues, compared with an exhaustive search.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/planner_threads.h"
#include "tests/unit/matchmaking/exact.h"
#include "tests/unit/matchmaking/instance.h"

namespace mm::matching {
namespace {

using namespace testing;

std::uint64_t any_seed() { return *rc::gen::arbitrary<std::uint64_t>(); }

/// A random queue with rules of every kind: steps, no ratings, several teams, offsets, latencies.
Instance any_instance(std::uint64_t seed) {
  Instance made = random_instance(seed);
  std::mt19937_64 random(seed ^ 0xA5A5);
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  if (one_in(4)) made.rules.teams = static_cast<int>(random() % 3 + 2);
  if (one_in(4)) made.rules.widen = Widening::steps;
  if (one_in(8)) made.rules.use_rating = false;
  if (one_in(4)) made.rules.premade_offset = {0, 12.5, 25, 40};
  if (one_in(4)) made.rules.max_latency_ms = 80;
  for (auto& each : made.tickets) {
    if (one_in(5)) {
      each.latencies = Latencies{{default_region(), static_cast<double>(random() % 100)},
                                 {*Region::parse("us-east"), static_cast<double>(random() % 100)}};
    }
    if (one_in(20)) each.deadline = kNow - 5 + static_cast<BucketMs>(random() % 10);
  }
  return made;
}

RC_GTEST_PROP(EveryPlan, KeepsTheRules, ()) {
  const Instance instance = any_instance(any_seed());
  const Pool pool = instance.pool();
  const TickPlan tick = plan(pool, instance.rules, kNow);
  const auto found = breaches(pool, instance.rules, kNow, tick);
  if (!found.empty()) RC_LOG() << instance.to_string();
  RC_ASSERT(found == std::vector<std::string>{});
}

// Property 1: the tickets that are left cannot form a match among themselves.
RC_GTEST_PROP(Completeness, NoFeasibleMatchIsLeftAmongWaitingTickets, ()) {
  const Instance instance = random_instance(any_seed());
  const Pool pool = instance.pool();
  const TickPlan tick = plan(pool, instance.rules, kNow);
  Instance left{instance.rules, instance.team_size, {}};
  left.tickets = left_waiting(pool, tick);
  const auto answer = solve_exactly(left, 2'000);
  RC_ASSERT(answer.has_value());
  RC_ASSERT(answer->matches == 0U);
}

/// Whether a match that holds this ticket exists, by exhaustive search.
bool could_play(const Instance& instance, const PoolTicket& wanted) {
  const auto sets = feasible_sets(instance);
  return std::any_of(sets.begin(), sets.end(), [&](const std::vector<TicketId>& set) {
    return std::find(set.begin(), set.end(), wanted.id) != set.end();
  });
}

/// The same queue after `passed` milliseconds, as seen by the helpers, which compute everything at kNow.
Instance after(Instance queue, BucketMs passed) {
  for (auto& each : queue.tickets) each.queued_at -= passed;
  return queue;
}

const PoolTicket& longest_waiting(const Instance& queue) {
  return *std::min_element(queue.tickets.begin(), queue.tickets.end(), [&](const auto& a, const auto& b) {
    return std::tuple(a.queued_at, rating_of_ticket(a, queue.rules), a.id) <
           std::tuple(b.queued_at, rating_of_ticket(b, queue.rules), b.id);
  });
}

// The same property in queues that are too large for the exhaustive search.
RC_GTEST_PROP(Completeness, PlanningTheWaitingTicketsAgainFindsNoMatch, ()) {
  Instance instance = random_instance(any_seed(), 24);
  const auto copies = *rc::gen::inRange<std::uint64_t>(1, 12);
  for (std::uint64_t i = 1; i < copies; ++i) {
    for (auto& more : random_instance(any_seed(), 24).tickets) {
      if (more.players.size() > static_cast<std::size_t>(instance.team_size)) continue;
      more.id = ticket_id(i * 1000 + instance.tickets.size());
      instance.tickets.push_back(more);
    }
  }
  const Pool pool = instance.pool();
  const TickPlan tick = plan(pool, instance.rules, kNow);
  RC_ASSERT(breaches(pool, instance.rules, kNow, tick) == std::vector<std::string>{});
  Instance left{instance.rules, instance.team_size, {}};
  left.tickets = left_waiting(pool, tick);
  const Pool rest = left.pool();
  RC_ASSERT(plan(rest, instance.rules, kNow).matches.empty());
}

// Property 2: while new tickets arrive in each tick and matched tickets leave, the ticket that waits longest is passed
// over in at most four ticks in a row in which a match for it exists.
RC_GTEST_PROP(LongestWaiting, IsMatchedWithinFiveTicks, ()) {
  Instance queue = random_instance(any_seed(), 10);
  std::mt19937_64 random(any_seed());
  PlannerMemory memory;
  Pool pool = queue.pool();
  int passed_over = 0;
  TicketId last;
  std::uint64_t number = 1000;
  for (int tick_number = 0; tick_number < 12 && !queue.tickets.empty(); ++tick_number) {
    const BucketMs passed = tick_number * 100;
    const PoolTicket longest = longest_waiting(queue);
    const bool could = could_play(after(queue, passed), longest);
    const TickPlan tick = plan(pool, queue.rules, kNow + passed, memory);
    std::set<TicketId> gone;
    for (const Seat& seat : tick.seats) gone.insert(pool.id(seat.slot));
    const bool missed = could && gone.count(longest.id) == 0;
    passed_over = missed ? (longest.id == last ? passed_over : 0) + 1 : 0;
    last = longest.id;
    RC_ASSERT(passed_over <= kPatienceTicks);
    for (const TicketId each : gone) pool.erase(each);
    std::erase_if(queue.tickets, [&](const auto& each) { return gone.count(each.id) > 0; });
    for (int i = 0; i < 3 && queue.tickets.size() < 14; ++i) {
      const int size = static_cast<int>(random() % static_cast<unsigned>(queue.team_size)) + 1;
      queue.tickets.push_back(ticket(++number, 1400 + static_cast<double>(random() % 200), 0, size));
      queue.tickets.back().queued_at += passed;
      pool.upsert(queue.tickets.back());
    }
  }
}

// Property 3 (every team has exactly team_size players) is part of the first test. Property 4: the order of the tickets
// does not change the matches.
RC_GTEST_PROP(OrderDoesNotMatter, TheSameTicketsInAnyOrderGiveTheSameMatches, ()) {
  Instance instance = any_instance(any_seed());
  const Pool pool = instance.pool();
  std::mt19937_64 random(any_seed());
  std::shuffle(instance.tickets.begin(), instance.tickets.end(), random);
  const Pool other = instance.pool();
  RC_ASSERT(who_plays(pool, plan(pool, instance.rules, kNow)) == who_plays(other, plan(other, instance.rules, kNow)));
}

// The same property for a pool in which other tickets came and went, and which was planned before.
RC_GTEST_PROP(OrderDoesNotMatter, APoolThatGrewTickByTickGivesThePlanOfOneBuiltAtOnce, ()) {
  Instance queue = random_instance(any_seed());
  std::mt19937_64 random(any_seed());
  std::shuffle(queue.tickets.begin(), queue.tickets.end(), random);
  Pool grown(queue.rules, queue.team_size, default_region());
  PlannerMemory memory;
  constexpr int kTicks = 4;  // too few for a ticket to get priority, see kPatienceTicks
  for (int tick_number = 1; tick_number <= kTicks; ++tick_number) {
    const BucketMs now = kNow + tick_number * 2'000;
    const std::size_t share = queue.tickets.size() * static_cast<std::size_t>(tick_number) / kTicks;
    const std::size_t before = queue.tickets.size() * static_cast<std::size_t>(tick_number - 1) / kTicks;
    for (std::size_t i = before; i < share; ++i) grown.upsert(queue.tickets[i]);
    if (random() % 2 == 0 && !grown.empty()) grown.erase(queue.tickets[random() % share].id);

    Instance now_in_it{queue.rules, queue.team_size, {}};
    grown.for_each([&](const PoolTicket& each) { now_in_it.tickets.push_back(each); });
    const Pool at_once = now_in_it.pool();
    const TickPlan tick = plan(grown, queue.rules, now, memory);
    RC_ASSERT(who_plays(grown, tick) == who_plays(at_once, plan(at_once, queue.rules, now)));
    std::vector<TicketId> gone;
    for (const Seat& seat : tick.seats) gone.push_back(grown.id(seat.slot));
    for (const TicketId each : gone) grown.erase(each);
  }
}

// Property 1 in a large queue of which little changes from tick to tick. A tick plans only the tickets that arrived and
// those whose window has reached another ticket, and that is enough.
RC_GTEST_PROP(Completeness, PlanningOnlyChangedTicketsIsEnough, ()) {
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  ModeRules rules = rules_for();
  rules.initial_window = 1 + static_cast<double>(random() % 20);
  rules.max_window = rules.initial_window + static_cast<double>(random() % 30);
  if (random() % 3 == 0) rules.widen = Widening::steps;
  rules.step_points = 5;
  const int team_size = static_cast<int>(random() % 3) + 1;
  Pool pool(rules, team_size, default_region());
  PlannerMemory memory;
  std::uint64_t number = 0;
  for (int tick_number = 0; tick_number < 20; ++tick_number) {
    const BucketMs now = kNow + tick_number * static_cast<BucketMs>(random() % 3000);
    const auto arriving = random() % (tick_number == 0 ? 600 : 20);
    for (std::uint64_t i = 0; i < arriving; ++i) {
      const int size = static_cast<int>(random() % static_cast<unsigned>(team_size)) + 1;
      PoolTicket next = ticket(++number, 1000 + static_cast<double>(random() % 500'000) / 100, 0, size);
      next.queued_at = now - static_cast<BucketMs>(random() % 20'000);
      if (random() % 10 == 0) {
        next.latencies = Latencies{{*Region::parse("us-east"), 20}, {default_region(), 30 + double(random() % 60)}};
      }
      pool.upsert(next);
    }
    const TickPlan tick = plan(pool, rules, now, memory);
    RC_ASSERT(breaches(pool, rules, now, tick) == std::vector<std::string>{});
    Instance left{rules, team_size, left_waiting(pool, tick)};
    const Pool rest = left.pool();
    RC_ASSERT(plan(rest, rules, now).matches.empty());
    std::vector<TicketId> gone;
    for (const Seat& seat : tick.seats) gone.push_back(pool.id(seat.slot));
    for (const Slot slot : tick.expired) gone.push_back(pool.id(slot));
    // Some commits are refused, and their tickets stay in the pool.
    for (const TicketId each : gone) {
      if (random() % 16 != 0) pool.erase(each);
    }
  }
}

// The number of planner threads for several buckets does not change the matches either.
TEST(OrderDoesNotMatter, AnyNumberOfThreadsGivesTheSameMatches) {
  std::vector<Instance> instances;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) instances.push_back(any_instance(seed));
  std::vector<Pool> pools;
  for (const auto& instance : instances) pools.push_back(instance.pool());
  std::vector<std::vector<std::vector<std::vector<TicketId>>>> by_threads;
  for (const int threads : {1, 2, 7}) {
    PlannerThreads crew(threads);
    for (int again = 0; again < 20; ++again) {
      std::vector<TickPlan> plans(pools.size());
      std::vector<PlannerMemory> memories(pools.size());
      crew.run(pools.size(), [&](std::size_t i, Workspace& workspace) {
        plans[i] = plan(pools[i], instances[i].rules, kNow, memories[i], workspace);
      });
      auto& all = by_threads.emplace_back();
      for (std::size_t i = 0; i < pools.size(); ++i) {
        for (auto& match : who_plays(pools[i], plans[i])) all.push_back(std::move(match));
      }
      ASSERT_EQ(all, by_threads.front()) << threads << " threads";
    }
  }
  EXPECT_FALSE(by_threads.front().empty());
}

// Property 5: the plan is close to the optimum. The seeds are fixed, so the figures are the same on every machine.
TEST(NearTheOptimum, MedianGapIsWithinOnePercentAndThe99thPercentileWithinFive) {
  std::vector<double> gaps;
  int too_large = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Instance instance = random_instance(seed);
    const auto exact = solve_exactly(instance, 6'000);
    too_large += exact ? 0 : 1;
    if (!exact || exact->matches == 0) continue;
    const Pool pool = instance.pool();
    const TickPlan tick = plan(pool, instance.rules, kNow);
    const double gap = 1 - utility_of(pool, instance.rules, kNow, tick) / exact->utility;
    EXPECT_GT(gap, -1e-4) << "the plan is better than the exact solution: " << instance.to_string();
    gaps.push_back(gap);
  }
  ASSERT_GE(gaps.size(), 250U);
  EXPECT_LT(too_large, 80);
  std::sort(gaps.begin(), gaps.end());
  EXPECT_LE(gaps[gaps.size() / 2], 0.01);
  EXPECT_LE(gaps[gaps.size() * 99 / 100], 0.05);
  RecordProperty("instances", std::to_string(gaps.size()));
  RecordProperty("worst_gap", std::to_string(gaps.back()));
}

}  // namespace
}  // namespace mm::matching
