// Tests of each policy on examples worked by hand from its description.
#include <gtest/gtest.h>

#include "services/simulator/crowd/random.h"
#include "services/simulator/policies/blossom.h"
#include "services/simulator/policies/faforever.h"
#include "services/simulator/policies/holding.h"
#include "services/simulator/policies/lila.h"
#include "tests/unit/simulator/scene.h"

namespace mm::simulator {
namespace {

TEST(Ours, PairsTheNearestTicketsThatAcceptEachOther) {
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0);
  scene.add(1590, 0);
  scene.add(1510, 0);
  scene.add(1600, 0);
  EXPECT_EQ(all_teams(scene.play("ours", 0)), (Matches{"0 | 2", "1 | 3"}));
}

TEST(Ours, IsDueAgainWhenAWindowReachesTheNextRating) {
  // The ratings are 300 apart. Both windows grow from 100 by 10 points a second, so they reach 300 after 20 s.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0);
  scene.add(1800, 0);
  const auto policy = find_policy("ours")->make(terms);
  EXPECT_EQ(scene.play(*policy, 19'900).size(), 0U);
  EXPECT_GT(policy->due(), 19'900);
  EXPECT_LE(policy->due(), 20'000);
  std::vector<MadeMatch> made;
  policy->tick(20'000, made);
  EXPECT_EQ(all_teams(made), Matches{"0 | 1"});
}

TEST(Ours, RemovesAMatchedTicketFromAllRegions) {
  Terms terms = scene_terms(1);
  terms.regions = {*Region::parse("eu-west"), *Region::parse("us-east")};
  Scene scene(terms);
  const std::vector<float> anywhere{40, 40};
  for (int i = 0; i < 3; ++i) scene.ticket(scene.add(1500 + 10 * i, 0)).latencies = anywhere;
  const auto made = scene.play("ours", 2'000);
  ASSERT_EQ(made.size(), 1U);
}

TEST(Holding, WeighsTheExpectedGainAgainstTheCostOfWaiting) {
  const ModeRules rules = scene_rules();
  EXPECT_DOUBLE_EQ(cost_per_second(rules), 0.0125);
  const Prospect wide{1500, 50, 0.95, 2, 0};
  const Prospect close{1500, 20, 0.98, 2, 0};
  EXPECT_NEAR(gain_per_second(wide, 0.01), 0.0375, 1e-12);
  EXPECT_NEAR(gain_per_second(close, 0.01), 0.006, 1e-12);
  EXPECT_TRUE(worth_holding(wide, rules, 0.01));
  EXPECT_FALSE(worth_holding(close, rules, 0.01));
  EXPECT_FALSE(worth_holding(wide, rules, 0.001)) << "few tickets arrive near this rating";
  EXPECT_FALSE(worth_holding({1500, 50, 0.95, 2, 5'000}, rules, 0.01))
      << "a match is held for at most an eighth of 40 s";
  EXPECT_LT(gain_per_second({1500, 50, 0.95, 10, 0}, 0.01), gain_per_second(wide, 0.01))
      << "one of ten tickets changes the quality less";
}

TEST(Holding, CountsNearbyArrivalsOfTheLastMinute) {
  Arrivals arrivals;
  for (int i = 0; i < 30; ++i) arrivals.note(i * kSecond, i % 3 == 0 ? 1900 : 1500 + i);
  // 20 arrivals in a minute within 100 points of 1500, which is a range of 200 points.
  EXPECT_NEAR(arrivals.density(1500, 30 * kSecond), 20 / 200.0 / 60, 1e-12);
  EXPECT_NEAR(arrivals.density(3000, 30 * kSecond), 0, 1e-12);
  EXPECT_NEAR(arrivals.density(1500, 200 * kSecond), 0, 1e-12) << "arrivals are forgotten after a minute";
}

TEST(Fifo, TakesTheOldestThatFitWhateverTheirRating) {
  // The first two parties of 3 begin the teams. The third party of 3 fits nowhere and is skipped for the parties of 2.
  const Terms terms = scene_terms(5);
  Scene scene(terms);
  scene.add(1000, 0, 3);
  scene.add(2000, 1, 3);
  scene.add(1500, 2, 3);
  scene.add(1500, 3, 2);
  scene.add(2500, 4, 2);
  EXPECT_EQ(all_teams(scene.play("fifo", 1000)), Matches{"0 3 | 1 4"});
}

TEST(Nearest, GivesTheOldestTicketTheNearestThatAcceptsIt) {
  // 1590 and 1600 would be the better pair, but this greedy policy gives 1590 to the oldest ticket.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0);
  scene.add(1600, 0);
  scene.add(1590, 0);
  EXPECT_EQ(all_teams(scene.play("nearest", 0)), Matches{"0 | 2"});
}

TEST(FlexMatch, MatchesTheOldestTicketWithTheOldestOnesInRange) {
  // The oldest takes the oldest within 100 points, not the nearest.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0);
  scene.add(1700, 1);
  scene.add(1590, 2);
  scene.add(1501, 3);
  EXPECT_EQ(all_teams(scene.play("flexmatch", 10)), Matches{"0 | 2"});
}

TEST(FlexMatch, RelaxesInStepsByTheNewestTicketOrByTheOldest) {
  // The ratings are 150 apart: one step of 50, after 5 s. The newest ticket has waited 5 s at 9 s, the oldest at 5 s.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0);
  scene.add(1650, 4'000);
  EXPECT_EQ(scene.play("flexmatch", 8'900).size(), 0U);
  EXPECT_EQ(scene.play("flexmatch", 9'000).size(), 1U);
  EXPECT_EQ(scene.play("flexmatch-oldest", 4'900).size(), 0U);
  EXPECT_EQ(scene.play("flexmatch-oldest", 5'000).size(), 1U);
}

TEST(Nakama, SearchesAtIntervalsAndTakesTheOldestHits) {
  // The first interval after the arrivals is at 15 s. Windows are then 250 wide, and both tickets are within them.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 100);
  scene.add(1700, 100);
  EXPECT_EQ(scene.play("nakama", 14'900).size(), 0U);
  EXPECT_EQ(all_teams(scene.play("nakama", 15'000)), Matches{"0 | 1"});
}

TEST(Nakama, ChecksOnlyTheWindowOfTheSearcherUnlessMutual) {
  // At 15 s the older ticket accepts 250 points and the newer one 101.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0);
  scene.add(1700, 14'900);
  const auto made = scene.play("nakama", 15'000);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_TRUE(check_match(made[0], terms, 15'000, scene.find()).windows);
  EXPECT_EQ(scene.play("nakama-mutual", 15'000).size(), 0U);
}

TEST(Nakama, SplitsAPartyWhereTheListOfPlayersFitsNoTeams) {
  // Two parties of 4 and one of 2 are ten players, but do not fill two teams of five.
  const Terms terms = scene_terms(5);
  Scene scene(terms);
  scene.add(1500, 0, 4);
  scene.add(1500, 0, 4);
  scene.add(1500, 0, 2);
  const auto made = scene.play("nakama", 15'000);
  ASSERT_EQ(made.size(), 1U);
  const Faults faults = check_match(made[0], terms, 15'000, scene.find());
  EXPECT_TRUE(faults.split);
  EXPECT_FALSE(faults.sizes);
}

TEST(Lila, ScoresAPairByItsGapMinusMissedWaves) {
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  const auto a = scene.ticket(scene.add(1500, 0));
  const auto b = scene.ticket(scene.add(1640, 0));
  EXPECT_EQ(Lila::pair_score(a, 0, b, 0), std::nullopt);            // 140 - 30 for good behaviour is above 100
  EXPECT_EQ(Lila::pair_score(a, 1, b, 0), std::nullopt);            // both must have missed a wave
  EXPECT_EQ(Lila::pair_score(a, 1, b, 5), std::optional<int>(98));  // 140 - 30 - 12
  const auto top = scene.ticket(scene.add(3000, 0));
  const auto next = scene.ticket(scene.add(3230, 0));
  EXPECT_EQ(Lila::pair_score(top, 0, next, 0), std::optional<int>(200));  // a fifteenth of 3000
}

TEST(Lila, PrefersMorePairsToBetterPairs) {
  // 1500 and 1510 are the best pair, but then the two outer tickets would not be matched.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  for (const double rating : {1380.0, 1500.0, 1510.0, 1630.0}) scene.add(rating, 0);
  EXPECT_EQ(all_teams(scene.play("lila", 30'000)), (Matches{"0 | 1", "2 | 3"}));
}

TEST(FaForever, AcceptsEightTenthsOfTheQualityAgainstAnEqualPlayer) {
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  const FaForever::Search a{scene.ticket(scene.add(1500, 0, 1, 0)), 0};
  const FaForever::Search b{scene.ticket(scene.add(1700, 0, 1, 0)), 0};
  // exp(-200^2 / (4 * 240^2)) = 0.8406; against an equal player it is 1.
  EXPECT_NEAR(FaForever::duel_quality(a, b), 0.8406, 1e-4);
  EXPECT_DOUBLE_EQ(FaForever::accepted_quality(a), 0.8);
  EXPECT_DOUBLE_EQ(FaForever::accepted_quality({a.ticket, 3}), 0.65);
  EXPECT_DOUBLE_EQ(FaForever::accepted_quality({a.ticket, 30}), 0.55);
}

TEST(FaForever, PairsByStableMarriage) {
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  for (const double rating : {1500.0, 1560.0, 1570.0, 1700.0}) scene.add(rating, 1);
  EXPECT_EQ(all_teams(scene.play("faforever", 60'000)), (Matches{"0 | 3", "1 | 2"}));
}

TEST(FaForever, MakesTeamsByDifferencing) {
  // 1800 - 1700 leaves 100, 1600 - 1500 leaves 100, and these two cancel out: 1800 + 1500 against 1700 + 1600.
  const Terms terms = scene_terms(2);
  Scene scene(terms);
  for (const double rating : {1800.0, 1700.0, 1600.0, 1500.0}) scene.add(rating, 1);
  EXPECT_EQ(all_teams(scene.play("faforever", 60'000)), Matches{"0 3 | 1 2"});
}

TEST(FaForever, CompletesAPartyWithTheSinglePlayerThatBalancesIt) {
  // The party of three at 1500 gets the player that brings it nearest to the average of 1527: 1600, not 1640.
  const Terms terms = scene_terms(4);
  Scene scene(terms);
  std::vector<FaForever::Search> searches;
  for (const double rating : {1640.0, 1600.0, 1520.0, 1480.0, 1480.0}) {
    searches.push_back({scene.ticket(scene.add(rating, 0)), 0});
  }
  searches.push_back({scene.ticket(scene.add(1500, 0, 3)), 0});
  std::vector<const FaForever::Search*> all;
  for (const auto& search : searches) all.push_back(&search);
  const auto game = FaForever::make_teams(all, 4);
  ASSERT_TRUE(game);
  ASSERT_EQ(game->teams[0].size(), 2U);
  EXPECT_DOUBLE_EQ(game->teams[0][1]->ticket.rating, 1600);
}

TEST(FaForever, QualityFallsWithImbalanceAndSpreadAndRisesWithMissedPops) {
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  const FaForever::Search a{scene.ticket(scene.add(1500, 0)), 0};
  const FaForever::Search b{scene.ticket(scene.add(1600, 0)), 4};
  FaForever::Game game;
  game.teams[0] = {&a};
  game.teams[1] = {&b};
  // (1 - 100 / 250)(1 - 50 / 250) = 0.48, and 0.04 for four pops missed.
  EXPECT_NEAR(FaForever::game_quality(game), 0.52, 1e-12);
}

/// The best sum of weights over all matchings, by exhaustive search.
std::int64_t best_by_search(const std::vector<std::vector<std::int64_t>>& weights, unsigned free) {
  if (free == 0) return 0;
  const auto a = static_cast<std::size_t>(__builtin_ctz(free));
  const unsigned rest = free & (free - 1);
  std::int64_t best = best_by_search(weights, rest);
  for (std::size_t b = a + 1; b < weights.size(); ++b) {
    if ((rest >> b & 1U) == 0 || weights[a][b] <= 0) continue;
    best = std::max(best, weights[a][b] + best_by_search(weights, rest & ~(1U << b)));
  }
  return best;
}

TEST(Blossom, FindsTheGreatestWeightOfAnyGraph) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const std::size_t n = 2 + random.below(9);
    const double density = 0.2 + 0.8 * random.uniform();
    const std::size_t heaviest = random.below(2) == 0 ? 4 : 1000;  // many ties, or hardly any
    std::vector<std::vector<std::int64_t>> weights(n, std::vector<std::int64_t>(n, 0));
    Blossom blossom(n);
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = a + 1; b < n; ++b) {
        if (random.uniform() > density) continue;
        weights[a][b] = weights[b][a] = 1 + static_cast<std::int64_t>(random.below(heaviest));
        blossom.connect(a, b, weights[a][b]);
      }
    }
    const auto partner = blossom.solve();
    std::int64_t sum = 0;
    for (std::size_t a = 0; a < n; ++a) {
      if (partner[a] == Blossom::kNobody) continue;
      const auto b = static_cast<std::size_t>(partner[a]);
      ASSERT_EQ(partner[b], static_cast<int>(a)) << "seed " << seed;
      ASSERT_GT(weights[a][b], 0) << "seed " << seed;
      sum += weights[a][b];
    }
    ASSERT_EQ(sum, 2 * best_by_search(weights, (1U << n) - 1)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace mm::simulator
