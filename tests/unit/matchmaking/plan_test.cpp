// Tests of planning a tick, rule by rule, on queues so small that the right plan is obvious.
#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/explain/wait_reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "services/matchmaker/matching/rules/quality.h"
#include "tests/unit/matchmaking/instance.h"

namespace mm::matching {
namespace {

using testing::breaches;
using testing::Instance;
using testing::kNow;
using testing::left_waiting;
using testing::rules_for;
using testing::ticket;
using testing::ticket_id;
using testing::who_plays;

/// Plans a tick and checks the rules that every plan must keep.
TickPlan checked_plan(const Pool& pool, BucketMs now = kNow) {
  TickPlan tick = plan(pool, pool.rules(), now);
  for (const auto& breach : breaches(pool, pool.rules(), now, tick)) ADD_FAILURE() << breach;
  return tick;
}

Pool pool_with(int team_size, const std::vector<PoolTicket>& tickets, ModeRules rules = rules_for()) {
  return Instance{std::move(rules), team_size, tickets}.pool();
}

std::vector<TicketId> matched_ids(const Pool& pool, const TickPlan& tick) {
  std::vector<TicketId> ids;
  for (const Seat& seat : tick.seats) ids.push_back(pool.id(seat.slot));
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// Plans this pool and returns why the ticket still waits.
WaitReason why(const Pool& pool, std::uint64_t number, BucketMs now = kNow) {
  PlannerMemory memory;
  const TickPlan tick = plan(pool, pool.rules(), now, memory);
  const auto slot = pool.slot_of(ticket_id(number));
  const auto seated = std::any_of(tick.seats.begin(), tick.seats.end(), [&](const Seat& s) { return s.slot == *slot; });
  EXPECT_FALSE(seated) << "ticket " << number << " does not wait";
  return why_waiting(pool, pool.rules(), now, memory, *slot);
}

TEST(Planning, AnEmptyPoolGivesAnEmptyPlan) {
  const Pool pool(rules_for(), 5, default_region());
  const TickPlan tick = checked_plan(pool);
  EXPECT_TRUE(tick.matches.empty() && tick.expired.empty());
}

TEST(Planning, OneOutlierBlocksNoOtherTicket) {
  std::vector<PoolTicket> tickets;
  for (std::uint64_t i = 1; i <= 202; ++i) {
    tickets.push_back(ticket(i, i == 2 ? 2300 : 1400 + static_cast<double>(i), 203 - static_cast<double>(i)));
  }
  const Pool pool = pool_with(1, tickets);
  const TickPlan tick = checked_plan(pool);
  EXPECT_EQ(tick.matches.size(), 100U);
  ASSERT_EQ(left_waiting(pool, tick).size(), 2U);
  EXPECT_EQ(why(pool, 2).rule, BlockingRule::window);
}

TEST(Planning, PartiesOfFiveThreeAndFourNeverPlayFiveAgainstSeven) {
  const Pool pool = pool_with(5, {ticket(1, 1500, 60, 5), ticket(2, 1500, 60, 3), ticket(3, 1500, 60, 4)});
  const TickPlan tick = checked_plan(pool);
  EXPECT_TRUE(tick.matches.empty());
  EXPECT_EQ(why(pool, 1).rule, BlockingRule::players);
}

TEST(Planning, PartiesOfFiveThreeAndFourPlayOnceTheirTeamsFill) {
  const Pool pool =
      pool_with(5, {ticket(1, 1500, 60, 5), ticket(2, 1500, 60, 3), ticket(3, 1500, 60, 4), ticket(4, 1510, 0, 1)});
  const TickPlan tick = checked_plan(pool);
  ASSERT_EQ(tick.matches.size(), 1U);
  EXPECT_EQ(matched_ids(pool, tick), (std::vector<TicketId>{ticket_id(1), ticket_id(3), ticket_id(4)}));
}

TEST(Planning, ATicketUpsertedTwiceIsOneTicket) {
  Pool pool = pool_with(1, {ticket(1, 1500), ticket(1, 1500)});
  PoolTicket requeued = ticket(1, 1500);
  requeued.change = 5;
  requeued.attempt = 1;
  pool.upsert(requeued);
  const TickPlan tick = checked_plan(pool);
  EXPECT_TRUE(tick.matches.empty());
  EXPECT_EQ(pool.size(), 1U);
}

TEST(Planning, MatchesTwoTicketsAcrossANewcomerWithANarrowWindow) {
  const Pool pool = pool_with(1, {ticket(1, 0, 40), ticket(2, 150, 0), ticket(3, 300, 40)});
  const TickPlan tick = checked_plan(pool);
  ASSERT_EQ(tick.matches.size(), 1U);
  EXPECT_EQ(matched_ids(pool, tick), (std::vector<TicketId>{ticket_id(1), ticket_id(3)}));
}

TEST(Planning, ANewcomerIsNotMatchedBecauseOnlyTheOthersWindowReachesIt) {
  const Pool pool = pool_with(1, {ticket(1, 1500, 600 - 1), ticket(2, 1601, 0)});
  const TickPlan tick = checked_plan(pool);
  EXPECT_TRUE(tick.matches.empty());
  const WaitReason waiting = why(pool, 2);
  EXPECT_EQ(waiting.rule, BlockingRule::window);
  EXPECT_NEAR(waiting.by, 1, 1e-3);
}

TEST(Planning, RatingsExactlyAWindowApartAreMatched) {
  EXPECT_EQ(checked_plan(pool_with(1, {ticket(1, 1500.01), ticket(2, 1600.01)})).matches.size(), 1U);
  EXPECT_EQ(checked_plan(pool_with(1, {ticket(1, 1500.01), ticket(2, 1600.02)})).matches.size(), 0U);
}

TEST(Planning, WindowsWidenWithTheWait) {
  const Pool pool = pool_with(1, {ticket(1, 1500), ticket(2, 1700)});
  EXPECT_TRUE(checked_plan(pool, kNow + 9'999).matches.empty());
  EXPECT_EQ(checked_plan(pool, kNow + 10'000).matches.size(), 1U);
}

TEST(Planning, WindowsThatWidenInStepsStayUntilTheStep) {
  ModeRules rules = rules_for();
  rules.widen = Widening::steps;
  const Pool pool = pool_with(1, {ticket(1, 1500), ticket(2, 1650)}, rules);
  EXPECT_TRUE(checked_plan(pool, kNow + 4'999).matches.empty());
  EXPECT_EQ(checked_plan(pool, kNow + 5'000).matches.size(), 1U);
}

TEST(Planning, EveryPairOfAMatchAcceptsEachOther) {
  // Neighbours in this chain accept each other, but its ends do not.
  const Pool pool = pool_with(2, {ticket(1, 1500), ticket(2, 1550), ticket(3, 1600), ticket(4, 1601)});
  EXPECT_TRUE(checked_plan(pool).matches.empty());
}

TEST(Planning, ARequeuedTicketKeepsItsAge) {
  PoolTicket requeued = ticket(1, 1500, 40);
  requeued.attempt = 1;
  const Pool pool = pool_with(1, {requeued, ticket(2, 1900, 40)});
  EXPECT_EQ(checked_plan(pool).matches.size(), 1U);
}

TEST(Planning, AnExpiredTicketIsReportedAndNeverMatched) {
  PoolTicket late = ticket(1, 1500, 600);
  const Pool pool = pool_with(1, {late, ticket(2, 1500, 0)});
  const TickPlan tick = checked_plan(pool);
  EXPECT_TRUE(tick.matches.empty());
  ASSERT_EQ(tick.expired.size(), 1U);
  EXPECT_EQ(pool.id(tick.expired[0]), ticket_id(1));
}

TEST(Planning, ARegionOpensToATicketThatHasWaited) {
  const Latencies far{{*Region::parse("us-east"), 20}, {default_region(), 60}};
  PoolTicket a = ticket(1, 1500);
  a.latencies = far;
  const Pool pool = pool_with(1, {a, ticket(2, 1500)});
  const TickPlan early = checked_plan(pool, kNow + 19'999);
  EXPECT_TRUE(early.matches.empty());
  EXPECT_EQ(why(pool, 1, kNow + 19'999).rule, BlockingRule::latency);
  EXPECT_NEAR(why(pool, 1, kNow + 19'999).by, 0.001, 1e-6);
  EXPECT_EQ(checked_plan(pool, kNow + 20'000).matches.size(), 1U);
}

TEST(Planning, ATicketWaitsForTheRegionToOpenToItsPartner) {
  const Latencies far{{*Region::parse("us-east"), 20}, {default_region(), 60}};
  PoolTicket later = ticket(2, 1500);
  later.latencies = far;
  const Pool duel = pool_with(1, {ticket(1, 1500), later});
  EXPECT_EQ(why(duel, 1, kNow + 5'000).rule, BlockingRule::latency);
  EXPECT_NEAR(why(duel, 1, kNow + 5'000).by, 15, 1e-3);
  // Where players are missing as well, the missing players are the reason.
  const Pool team = pool_with(2, {ticket(1, 1500), later, ticket(3, 1500), ticket(4, 9'000)});
  EXPECT_EQ(why(team, 1, kNow + 5'000).rule, BlockingRule::players);
  EXPECT_FLOAT_EQ(why(team, 1, kNow + 5'000).by, 2);
}

TEST(Planning, ARegionOverTheLimitNeverOpens) {
  ModeRules rules = rules_for();
  rules.max_latency_ms = 50;
  PoolTicket a = ticket(1, 1500, 500);
  a.latencies = Latencies{{*Region::parse("us-east"), 20}, {default_region(), 60}};
  const Pool pool = pool_with(1, {a, ticket(2, 1500)}, rules);
  const TickPlan tick = checked_plan(pool);
  EXPECT_TRUE(tick.matches.empty());
  EXPECT_TRUE(std::isinf(why(pool, 1).by));
}

TEST(Planning, WithoutRatingsTheLongestWaitingComeFirst) {
  ModeRules rules = rules_for();
  rules.use_rating = false;
  const Pool pool = pool_with(
      1, {ticket(1, 500, 1), ticket(2, 3000, 30), ticket(3, 520, 10), ticket(4, 900, 20), ticket(5, 0, 5)}, rules);
  const TickPlan tick = checked_plan(pool);
  EXPECT_EQ(tick.matches.size(), 2U);
  const std::vector<std::vector<std::vector<TicketId>>> wanted{{{ticket_id(2)}, {ticket_id(4)}},
                                                               {{ticket_id(3)}, {ticket_id(5)}}};
  EXPECT_EQ(who_plays(pool, tick), wanted);
}

TEST(Planning, WithoutRatingsAPartyIsMatchedWithTheLongestWaiting) {
  ModeRules rules = rules_for();
  rules.use_rating = false;
  const Pool pool = pool_with(
      2, {ticket(1, 500, 90, 2), ticket(2, 3000, 30), ticket(3, 520, 10), ticket(4, 900, 20), ticket(5, 0, 5)}, rules);
  const TickPlan tick = checked_plan(pool);
  ASSERT_EQ(tick.matches.size(), 1U);
  EXPECT_EQ(matched_ids(pool, tick), (std::vector<TicketId>{ticket_id(1), ticket_id(2), ticket_id(4)}));
}

TEST(Planning, MakesMatchesOfManyTeams) {
  std::vector<PoolTicket> tickets;
  for (std::uint64_t i = 1; i <= 9; ++i) tickets.push_back(ticket(i, 1500 + static_cast<double>(i), 5, i < 4 ? 2 : 1));
  const Pool pool = pool_with(3, tickets, rules_for(4));
  const TickPlan tick = checked_plan(pool);
  ASSERT_EQ(tick.matches.size(), 1U);
  EXPECT_EQ(tick.seats_of(tick.matches[0]).size(), 9U);
  EXPECT_GE(tick.matches[0].win_probability(), 0.5);
}

TEST(Planning, SeatsAreInTheOrderOfTeams) {
  std::vector<PoolTicket> tickets;
  for (std::uint64_t i = 1; i <= 40; ++i) tickets.push_back(ticket(i, 1500 + static_cast<double>(i % 7)));
  const TickPlan tick = checked_plan(pool_with(5, tickets));
  ASSERT_EQ(tick.matches.size(), 4U);
  for (const auto& match : tick.matches) {
    const auto seats = tick.seats_of(match);
    EXPECT_TRUE(std::is_sorted(seats.begin(), seats.end(), [](Seat a, Seat b) { return a.team < b.team; }));
  }
}

TEST(Planning, ReportsQualitySpreadAndWinProbability) {
  PoolTicket a = ticket(1, 1500);
  PoolTicket b = ticket(2, 1600);
  const TickPlan tick = checked_plan(pool_with(1, {a, b}));
  ASSERT_EQ(tick.matches.size(), 1U);
  EXPECT_NEAR(tick.matches[0].spread, 100, 1e-9);
  EXPECT_NEAR(tick.matches[0].quality, 0.9, 1e-9);
  EXPECT_NEAR(tick.matches[0].win_probability(), 1 - 0.6382, 5e-5) << "team 0 has the ticket with the lower rating";
}

TEST(Planning, PremadeOffsetsShiftAParty) {
  ModeRules rules = rules_for();
  rules.premade_offset = {0, 60};
  const std::vector<PoolTicket> tickets{ticket(1, 1500, 0, 2), ticket(2, 1450, 0, 1), ticket(3, 1450, 0, 1)};
  EXPECT_EQ(checked_plan(pool_with(2, tickets)).matches.size(), 1U);
  EXPECT_EQ(checked_plan(pool_with(2, tickets, rules)).matches.size(), 0U)
      << "ratings of 1560 and 1450 are more than a window apart";
}

TEST(Planning, ReportsHowManyPlayersAreMissing) {
  const Pool pool = pool_with(5, {ticket(1, 1500, 0, 3), ticket(2, 1510, 0, 4)});
  EXPECT_EQ(why(pool, 1).rule, BlockingRule::players);
  EXPECT_FLOAT_EQ(why(pool, 1).by, 3);
}

TEST(Planning, ReportsThatATicketLostToABetterMatch) {
  const Pool pool = pool_with(1, {ticket(1, 1500), ticket(2, 1501), ticket(3, 1590)});
  const TickPlan tick = checked_plan(pool);
  ASSERT_EQ(tick.matches.size(), 1U);
  EXPECT_EQ(why(pool, 3).rule, BlockingRule::outbid);
}

// Two newcomers one point apart always make the better match. Ticket 1 would wait until its waiting bonus has grown.
TEST(Starvation, ATicketPassedOverFourTimesIsMatchedInTheFifthTick) {
  Pool pool = pool_with(1, {ticket(1, 1500)});
  PlannerMemory memory;
  std::uint64_t next = 2;
  int tick_number = 0;
  for (BucketMs now = kNow; pool.contains(ticket_id(1)); now += 100) {
    ASSERT_LE(++tick_number, kPatienceTicks + 1);
    for (const double rating : {1595.0, 1596.0}) {
      PoolTicket fresh = ticket(next++, rating);
      fresh.queued_at = now;
      pool.upsert(fresh);
    }
    const TickPlan tick = plan(pool, pool.rules(), now, memory);
    ASSERT_TRUE(breaches(pool, pool.rules(), now, tick).empty());
    for (const TicketId id : matched_ids(pool, tick)) pool.erase(id);
  }
  EXPECT_EQ(tick_number, kPatienceTicks + 1);
}

TEST(Incremental, ATicketWhoseMatchWasNotCommittedIsPlannedAgain) {
  const Pool pool = pool_with(1, {ticket(1, 1500), ticket(2, 1510)});
  PlannerMemory memory;
  for (int tick = 0; tick < 3; ++tick) {
    EXPECT_EQ(plan(pool, pool.rules(), kNow + tick * 100, memory).matches.size(), 1U);
  }
}

TEST(Incremental, AnArrivalMakesItsNeighboursPlannedAgain) {
  Pool pool = pool_with(1, {ticket(1, 1500)});
  PlannerMemory memory;
  EXPECT_TRUE(plan(pool, pool.rules(), kNow, memory).matches.empty());
  EXPECT_TRUE(plan(pool, pool.rules(), kNow + 100, memory).matches.empty());
  pool.upsert(ticket(2, 1550));
  EXPECT_EQ(plan(pool, pool.rules(), kNow + 200, memory).matches.size(), 1U);
}

TEST(Incremental, ATicketIsPlannedAgainWhenItsWindowReachesANeighbour) {
  const Pool pool = pool_with(1, {ticket(1, 1500), ticket(2, 1750), ticket(3, 2600)});
  PlannerMemory memory;
  for (BucketMs waited = 0; waited < 15'000; waited += 100) {
    ASSERT_TRUE(plan(pool, pool.rules(), kNow + waited, memory).matches.empty()) << waited;
  }
  EXPECT_EQ(plan(pool, pool.rules(), kNow + 15'000, memory).matches.size(), 1U);
}

TEST(Incremental, ATicketIsPlannedAgainWhenARegionOpensToIt) {
  PoolTicket a = ticket(1, 1500);
  a.latencies = Latencies{{*Region::parse("us-east"), 20}, {default_region(), 30}};
  const Pool pool = pool_with(1, {a, ticket(2, 1500)});
  PlannerMemory memory;
  EXPECT_TRUE(plan(pool, pool.rules(), kNow, memory).matches.empty());
  EXPECT_TRUE(plan(pool, pool.rules(), kNow + 9'900, memory).matches.empty());
  EXPECT_EQ(plan(pool, pool.rules(), kNow + 10'000, memory).matches.size(), 1U);
}

TEST(Incremental, AReusedSlotIsANewTicket) {
  Pool pool = pool_with(1, {ticket(1, 1500), ticket(2, 2500)});
  PlannerMemory memory;
  EXPECT_TRUE(plan(pool, pool.rules(), kNow, memory).matches.empty());
  pool.erase(ticket_id(2));
  EXPECT_TRUE(plan(pool, pool.rules(), kNow + 100, memory).matches.empty());
  pool.upsert(ticket(3, 1510));
  EXPECT_EQ(plan(pool, pool.rules(), kNow + 200, memory).matches.size(), 1U);
}

}  // namespace
}  // namespace mm::matching
