// Tests of the simulation: it is deterministic, every queueing ends, and skipped ticks change nothing. Also tests of
// the summaries, comparisons and tables that are made from its records.
#include <gtest/gtest.h>

#include <cmath>

#include "services/simulator/analysis/contest.h"
#include "services/simulator/commands/inputs.h"
#include "services/simulator/policies/ours.h"
#include "services/simulator/report/csv.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

Population small(const std::string& name, double minutes) {
  auto population = *load_population(name);
  population.minutes = minutes;
  return population;
}

ModeRules rules_of(const Population& population) { return *rules_for(population, *load_modes("")); }

RunRecord run(const Population& population, std::string_view policy, std::uint64_t seed) {
  const Crowd crowd(population, seed);
  const Terms terms = terms_for(population, rules_of(population), crowd, seed);
  return run_trial(population, crowd, terms, *find_policy(policy));
}

/// The results that do not depend on the speed of the machine.
std::vector<std::vector<double>> essence(const RunRecord& record) {
  std::vector<std::vector<double>> all;
  for (const Queueing& q : record.queueings) {
    all.push_back({double(q.unit), double(q.ending), double(q.waited_seconds), double(q.quality), double(q.spread),
                   double(q.team_gap), double(q.latency_ms)});
  }
  return all;
}

TEST(Simulation, IsTheSameForTheSameSeedWithEveryPolicy) {
  for (const PolicyKind& kind : policy_kinds()) {
    const Population population = small(kind.formats == Formats::duels ? "outliers-1v1" : "night-5v5", 20);
    const RunRecord one = run(population, kind.name, 3);
    EXPECT_GT(one.faults.matches, 0U) << kind.name;
    EXPECT_EQ(essence(one), essence(run(population, kind.name, 3))) << kind.name;
    EXPECT_NE(essence(one), essence(run(population, kind.name, 4))) << kind.name;
  }
}

TEST(Simulation, SkippingIdleTicksDoesNotChangeTheResult) {
  for (const char* name : {"club-1v1", "night-5v5", "outliers-1v1", "world-1v1"}) {
    Population population = small(name, 25);
    if (population.players > 1000) population.players = 300;
    const Crowd crowd(population, 9);
    const Terms terms = terms_for(population, rules_of(population), crowd, 9);
    for (const bool holds : {false, true}) {
      Ours every(terms, {true, holds});
      const RunRecord all_ticks = Simulation(population, crowd, terms, every).run();
      Ours skipping(terms, {false, holds});
      const RunRecord some_ticks = Simulation(population, crowd, terms, skipping).run();
      EXPECT_TRUE(essence(all_ticks) == essence(some_ticks)) << name << (holds ? ", holding" : "");
      EXPECT_GT(all_ticks.ticks, some_ticks.ticks) << name;
    }
  }
}

TEST(Simulation, OursMakesNoFaultyMatchOnAnyShippedPopulation) {
  for (const std::string& name : shipped_populations()) {
    Population population = small(name, 5);
    population.players = std::min(population.players, 4000);
    const RunRecord record = run(population, "ours", 2);
    EXPECT_EQ(record.faults.faulty, 0U) << name;
  }
}

TEST(Simulation, EveryQueueingEnds) {
  Population population = small("day-1v1", 120);
  population.start_hour = 20;
  const RunRecord record = run(population, "ours", 5);
  const double longest = rules_of(population).max_wait_seconds;
  std::size_t matched = 0;
  std::size_t gave_up = 0;
  ASSERT_GT(record.queueings.size(), 100U);
  for (const Queueing& queueing : record.queueings) {
    ASSERT_NE(queueing.ending, Ending::waiting);
    ASSERT_LE(queueing.waited_seconds, longest + 0.001);
    ASSERT_GE(queueing.waited_seconds, 0);
    matched += queueing.ending == Ending::matched ? 1U : 0U;
    gave_up += queueing.ending == Ending::gave_up ? 1U : 0U;
  }
  EXPECT_GT(matched, 0U);
  EXPECT_GT(gave_up, 0U);
}

TEST(Simulation, FollowsTheHoursOfTheDay) {
  Population population = *load_population("day-1v1");
  const RunRecord record = run(population, "ours", 1);
  std::vector<double> by_hour(24, 0);
  for (const Queueing& queueing : record.queueings) by_hour[queueing.hour] += 1;
  EXPECT_GT(by_hour[20], 5 * by_hour[5]);
}

TEST(Simulation, RefusesPartiesWithATooWideSpread) {
  const Population population = small("clans-5v5", 10);
  const Crowd crowd(population, 1);
  ModeRules rules = rules_of(population);
  rules.max_party_spread = 100;
  const Terms terms = terms_for(population, rules, crowd, 1);
  const RunRecord record = run_trial(population, crowd, terms, *find_policy("ours"));
  EXPECT_GT(record.refused, 0U);
  for (const Queueing& queueing : record.queueings) {
    const auto players = crowd.players_of(crowd.units()[queueing.unit]);
    const auto less = [](const Player& a, const Player& b) { return a.mmr < b.mmr; };
    const auto [low, high] = std::minmax_element(players.begin(), players.end(), less);
    ASSERT_LE(high->mmr - low->mmr, 100);
  }
}

Queueing waited(float seconds, int size, Ending ending, float quality) {
  Queueing queueing;
  queueing.waited_seconds = seconds;
  queueing.size = static_cast<std::uint8_t>(size);
  queueing.ending = ending;
  queueing.quality = quality;
  return queueing;
}

TEST(Summary, CountsPlayersAndIncludesTimeouts) {
  // Ten players: a party of 5 (1 s), a party of 4 (2 s), one who timed out after 600 s.
  const std::vector<Queueing> queueings{waited(600, 1, Ending::timed_out, 0), waited(1, 5, Ending::matched, 0.9F),
                                        waited(2, 4, Ending::matched, 0.45F)};
  const Summary all = summarise(queueings);
  EXPECT_DOUBLE_EQ(all.queueings, 10);
  EXPECT_DOUBLE_EQ(all.matched_share, 0.9);
  EXPECT_DOUBLE_EQ(all.timed_out_share, 0.1);
  EXPECT_DOUBLE_EQ(all.wait_p50, 1);
  EXPECT_DOUBLE_EQ(all.wait_p90, 2);
  EXPECT_DOUBLE_EQ(all.wait_p99, 600);
  EXPECT_NEAR(all.wait_mean, 61.3, 1e-6);
  EXPECT_NEAR(all.quality_mean, 0.7, 1e-6);
  const Summary pairs = summarise(queueings, [](const Queueing& q) { return q.size == 4; });
  EXPECT_DOUBLE_EQ(pairs.queueings, 4);
  EXPECT_DOUBLE_EQ(pairs.wait_p90, 2);
}

Score scored(std::string policy, double wait, double quality) {
  Score score;
  score.policy = std::move(policy);
  score.summary.wait_p90 = wait;
  score.summary.quality_mean = quality;
  return score;
}

TEST(Contest, APolicyDominatesOnlyOneThatIsWorseInBothFigures) {
  const Score ours = scored("ours", 10, 0.9);
  EXPECT_TRUE(compare(ours, scored("slow and bad", 20, 0.8)).first_dominates());
  EXPECT_TRUE(compare(ours, scored("quick and good", 5, 0.95)).second_dominates());
  const Comparison trade = compare(ours, scored("quick and bad", 5, 0.5));
  EXPECT_FALSE(trade.first_dominates() || trade.second_dominates());
  EXPECT_TRUE(trade.first_clearly_better_in_one());
  EXPECT_NEAR(trade.wait_gain, -0.5, 1e-9);
  EXPECT_NEAR(trade.quality_gain, 0.8, 1e-9);
  const Comparison same = compare(ours, scored("the same", 10, 0.9));
  EXPECT_FALSE(same.first_dominates() || same.second_dominates() || same.first_clearly_better_in_one());
}

TEST(Contest, ADifferenceWithinTheNoiseIsNotCertain) {
  Score ours = scored("ours", 10, 0.9), other = scored("other", 9, 0.91);
  ours.waits_p90 = {8, 12, 10};
  other.waits_p90 = {11, 6, 10};
  ours.qualities = {0.9, 0.9, 0.9};
  other.qualities = {0.91, 0.91, 0.9101};
  EXPECT_TRUE(compare(ours, other).second_dominates());
  EXPECT_FALSE(compare(ours, other).certain);
  other.waits_p90 = {7, 11, 9.1};
  EXPECT_TRUE(compare(ours, other).certain);
}

TEST(Contest, StatesTheVerdictInWords) {
  const std::vector<Score> scores{scored("ours", 10, 0.9), scored("other", 5, 0.95)};
  EXPECT_EQ(verdicts(scores), std::vector<std::string>{"LOSES to other: p90 wait 50 % longer, quality 5.3 % lower"});
}

TEST(Csv, QuotesCommasAndQuotationMarks) {
  Csv csv({"a", "b"});
  csv.add({"1,5", "say \"hi\""});
  EXPECT_EQ(csv.text(), "a,b\r\n\"1,5\",\"say \"\"hi\"\"\"\r\n");
  EXPECT_EQ(exact_text(0.1), "0.1");
}

}  // namespace
}  // namespace mm::simulator
