// The smallest run that violates an invariant is reported under that invariant and no other, with its lines.
#include <gtest/gtest.h>

#include <cctype>
#include <map>

#include "tests/chaos/checker/invariants/invariants.h"
#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

std::vector<Planted> all_planted() {
  std::vector<Planted> all;
  for (const auto& some : {planted_tickets(), planted_matches(), planted_results(), planted_logins(), planted_events(),
                           planted_endings()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

class PlantedFault : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedFault, IsFoundByItsInvariantOnly) {
  RunFiles run;
  run.fact("campaign", "load_begin", 0);
  GetParam().plant(run);
  const auto checked = check(run);
  EXPECT_EQ(checked.status, 1) << checked.errors << checked.text;
  EXPECT_EQ(checked.violated, std::set<std::string>{GetParam().invariant}) << checked.text;
  // At least one line that proves the violation is named.
  EXPECT_NE(checked.text.find("\n  "), std::string::npos) << checked.text;
}

INSTANTIATE_TEST_SUITE_P(Invariants, PlantedFault, ::testing::ValuesIn(all_planted()), [](const auto& about) {
  std::string name = about.param.invariant + "_" + about.param.fault;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(Planted, EveryInvariantHasAFault) {
  std::set<std::string> planted;
  for (const auto& fault : all_planted()) planted.insert(fault.invariant);
  for (const auto& invariant : invariants()) EXPECT_TRUE(planted.contains(std::string(invariant.id))) << invariant.id;
  EXPECT_EQ(planted.size(), invariants().size());
}

// The same faults are excused while a fault was injected, or when the queue was replaced by an older one.
TEST(Planted, LimitsOfTimeAreNotCheckedInFaults) {
  for (const auto& fault : all_planted()) {
    const bool of_time = fault.fault == "leaderboard lags" || fault.fault == "event is published late" ||
                         fault.fault == "late time-out" || fault.fault == "player gets no server" ||
                         fault.fault == "match is not announced" || fault.fault == "slot kept too long";
    if (!of_time) continue;
    RunFiles run;
    run.fact("campaign", "fault_begin", 0, Json().text("fault", "F13").text("target", "postgres"));
    fault.plant(run);
    run.fact("campaign", "fault_end", 700'000, Json().text("fault", "F13").text("target", "postgres"));
    EXPECT_EQ(check(run).violated, std::set<std::string>{}) << fault.fault;
  }
}

TEST(Planted, TicketsAndLoginsLostWithTheQueueAreExcused) {
  for (const auto& fault : all_planted()) {
    if (fault.fault != "acknowledged ticket is gone" && fault.fault != "family lives on after reuse" &&
        fault.fault != "a retry makes a second ticket") {
      continue;
    }
    RunFiles run;
    fault.plant(run);
    run.fact("campaign", "fault_begin", 1'500, Json().text("fault", "F30 FLUSHALL").text("target", "redis_queue"));
    run.fact("campaign", "fault_end", 1'600, Json().text("fault", "F30 FLUSHALL").text("target", "redis_queue"));
    EXPECT_EQ(check(run).violated, std::set<std::string>{}) << fault.fault;
  }
}

TEST(Planted, WhatIsLostWithTheQueueIsToldWithoutANumber) {
  RunFiles run;
  const auto frame = [&](std::int64_t at_ms, const char* type, std::int64_t number) {
    run.fact("bots", "frame", at_ms, Json().text("player", "a").text("type", type).number("seq", number));
  };
  run.call("bots", "connect", 1'000, 1'005, "ok", Json().text("player", "a"),
           Json().flag("resumed", false).number("seq", 7));
  frame(2'000, "party_updated", 8);
  frame(3'000, "queue_left", 0);
  frame(3'001, "party_disbanded", 0);
  frame(3'002, "welcome", 8);
  frame(4'000, "party_updated", 9);
  EXPECT_EQ(check(run).violated, std::set<std::string>{});
}

}  // namespace
}  // namespace mm::chaos
