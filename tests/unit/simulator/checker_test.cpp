// Tests of the checker of matches: it finds every planted fault, and none in a valid match.
#include <gtest/gtest.h>

#include "services/matchmaker/matching/rules/window.h"
#include "services/simulator/world/worth.h"
#include "tests/unit/simulator/scene.h"

namespace mm::simulator {
namespace {

constexpr matching::BucketMs kNow = 20'000;

MadeMatch match_of(const Scene& scene, std::vector<std::vector<TicketNumber>> teams) {
  MadeMatch match;
  for (std::size_t team = 0; team < teams.size(); ++team) {
    for (const TicketNumber number : teams[team]) {
      for (int i = 0; i < scene.tickets()[number].size(); ++i) {
        match.seats.push_back({number, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(team)});
      }
    }
  }
  return match;
}

struct Duos {
  Terms terms = scene_terms(2);
  Scene scene{terms};
  Duos() {
    scene.add(1500, 0, 2);    // 0
    scene.add(1550, 0);       // 1
    scene.add(1560, 19'000);  // 2, window 110
    scene.add(1655, 0);       // 3
    scene.add(1400, 0);       // 4
  }
  Faults check(const MadeMatch& match) const { return check_match(match, terms, kNow, scene.find()); }
};

TEST(Checker, FindsNothingInAFairMatch) {
  const Duos duos;
  EXPECT_FALSE(duos.check(match_of(duos.scene, {{0}, {1, 2}})).any());
}

TEST(Checker, FindsAGapThatOnlyOneOfTwoTicketsAccepts) {
  // Tickets 2 and 4 are 160 points apart: ticket 4 has waited 20 s and accepts 300, but ticket 2 accepts only 110.
  // Tickets 0 and 3 are 155 points apart, and both accept 300.
  const Duos duos;
  EXPECT_TRUE(duos.check(match_of(duos.scene, {{0}, {2, 4}})).windows);
  EXPECT_FALSE(duos.check(match_of(duos.scene, {{0}, {1, 3}})).windows);
}

TEST(Checker, FindsTeamsOfTheWrongSize) {
  const Duos duos;
  EXPECT_TRUE(duos.check(match_of(duos.scene, {{0, 1}, {3}})).sizes);
  EXPECT_TRUE(duos.check(match_of(duos.scene, {{0}, {1}, {3}})).sizes);
  EXPECT_TRUE(duos.check({}).sizes);
}

TEST(Checker, FindsASplitParty) {
  const Duos duos;
  MadeMatch match = match_of(duos.scene, {{0}, {1, 3}});
  std::swap(match.seats[1].team, match.seats[2].team);
  EXPECT_TRUE(duos.check(match).split);
  EXPECT_FALSE(duos.check(match).sizes);
  match.seats.erase(match.seats.begin());
  EXPECT_TRUE(duos.check(match).split) << "a member of the party has no seat";
}

TEST(Checker, FindsDuplicatePlayersAndUnknownTickets) {
  const Duos duos;
  MadeMatch match = match_of(duos.scene, {{0}, {1, 3}});
  match.seats[3] = match.seats[2];
  EXPECT_TRUE(duos.check(match).unknown);
  match.seats[3].ticket = 99;
  EXPECT_TRUE(duos.check(match).unknown);
  match.seats[3] = {1, 1, 1};
  EXPECT_TRUE(duos.check(match).unknown) << "a ticket of one player has no second player";
}

TEST(Checker, FindsATicketPastItsDeadline) {
  Duos duos;
  duos.scene.ticket(1).deadline = kNow;
  EXPECT_TRUE(duos.check(match_of(duos.scene, {{0}, {1, 3}})).late);
}

TEST(Checker, FindsARegionThatIsNotOpenYet) {
  // The second region is 30 ms worse than the best. Each 10 s allow 25 ms more, so it opens after 20 s.
  Terms terms = scene_terms(1);
  terms.rules.max_latency_ms = 100;
  terms.regions = {*Region::parse("eu-west"), *Region::parse("us-east")};
  Scene scene(terms);
  const std::vector<float> near_far{20, 50}, too_far{20, 101};
  scene.ticket(scene.add(1500, 0)).latencies = near_far;
  scene.ticket(scene.add(1500, 1)).latencies = near_far;
  MadeMatch match = match_of(scene, {{0}, {1}});
  EXPECT_FALSE(check_match(match, terms, 5, scene.find()).region);
  match.region = 1;
  EXPECT_TRUE(check_match(match, terms, 20'000, scene.find()).region)
      << "one of the two tickets has waited 1 ms too little";
  EXPECT_FALSE(check_match(match, terms, 20'001, scene.find()).region);
  scene.ticket(0).latencies = too_far;
  EXPECT_TRUE(check_match(match, terms, 500'000, scene.find()).region);
  match.region = 2;
  EXPECT_TRUE(check_match(match, terms, 500'000, scene.find()).region) << "no such region";
}

TEST(Checker, WindowsAgreeWithThoseOfMatchingWithoutSharedCode) {
  ModeRules steps = scene_rules();
  steps.widen = Widening::steps;
  for (const ModeRules& rules : {scene_rules(), steps}) {
    for (matching::BucketMs waited = -500; waited < 60'000; waited += 37) {
      ASSERT_NEAR(accepted_gap(rules, waited), matching::window_points(rules, waited), 0.001) << waited;
    }
  }
}

TEST(Checker, IgnoresRatingsWhereTheModeDoes) {
  Duos duos;
  duos.terms.rules.use_rating = false;
  EXPECT_FALSE(duos.check(match_of(duos.scene, {{0}, {2, 4}})).windows);
}

TEST(Checker, CountsMatchesByFault) {
  FaultCounts counts;
  Faults faults;
  counts.add(faults);
  faults.windows = faults.split = true;
  counts.add(faults);
  EXPECT_EQ(counts.matches, 2U);
  EXPECT_EQ(counts.faulty, 1U);
  EXPECT_EQ(counts.windows, 1U);
  EXPECT_EQ(counts.split, 1U);
  EXPECT_EQ(counts.sizes, 0U);
}

TEST(Worth, IsThatOfTheWorkedExampleOfQuality) {
  // A duel of players 100 points apart whose deviations are 0 has a quality of 0.9.
  const Terms terms = scene_terms(1);
  Scene scene(terms);
  scene.add(1500, 0, 1, 0);
  scene.add(1600, 0, 1, 0);
  const MatchWorth worth = worth_of(match_of(scene, {{0}, {1}}), terms, scene.find());
  EXPECT_NEAR(worth.quality, 0.9, 1e-9);
  EXPECT_NEAR(worth.spread, 100, 1e-9);
  EXPECT_NEAR(worth.team_gap, 100, 1e-9);
}

}  // namespace
}  // namespace mm::simulator
