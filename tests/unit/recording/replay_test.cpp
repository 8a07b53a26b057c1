// Tests of replaying recordings: the replay gives the same matches whatever was recorded, and differences are found.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "common/wire/mode_table.h"
#include "services/simulator/analysis/synthetic.h"
#include "tests/unit/recording/history.h"

namespace mm::matchmaker::recording {
namespace {

std::string first_problem(const Played& played) {
  return played.differences.empty() ? played.failure : played.differences[0].bucket + " " + played.differences[0].what;
}

RC_GTEST_PROP(Replay, GivesTheSameMatches, ()) {
  History history(*rc::gen::arbitrary<std::uint64_t>());
  history.run(60);
  const auto played = play(history.files().front());
  RC_ASSERT(played.failure == "");
  RC_ASSERT(first_problem(played) == "");
  RC_ASSERT(played.counts.matches == history.matches());
  RC_ASSERT(played.counts.ticks == 60U);
}

RC_GTEST_PROP(Replay, CanBeginWithAnyFileAndContinuesAfterAGap, ()) {
  History history(*rc::gen::arbitrary<std::uint64_t>());
  history.run(120, true);
  for (const auto& file : history.files()) {
    const auto played = play(file);
    RC_ASSERT(played.failure == "");
    RC_ASSERT(first_problem(played) == "");
  }
}

TEST(Replay, HasMatchesToCompare) {
  std::uint64_t matches = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    History history(seed);
    history.run(60);
    matches += play(history.files().front()).counts.matches;
  }
  EXPECT_GT(matches, 500U);
}

/// Replays the recording of a bucket whose two tickets are matched, with a plan that was altered as the arguments say.
Played played_with(double quality_off, bool swapped) {
  std::string bytes;
  EventEncoder encoder([&](std::string&& piece) { bytes += piece; });
  encoder.open();
  ModeRules rules;
  rules.id = ranked_mode();
  RecordedPool truth("t:ranked:eu-west:1", {rules, 1, default_region(), true}, nullptr);
  EventEncoder::Track track;
  encoder.tick(TimePoint(Milliseconds(5'000)));
  encoder.begin(track, "t:ranked:eu-west:1", rules, true);
  for (std::uint8_t i = 1; i <= 2; ++i) {
    matching::PoolTicket ticket;
    Uuid id;
    id.bytes[15] = i;
    ticket.id = TicketId(id);
    ticket.change = i;
    ticket.players = {{PlayerId(id), 1500.0 + i, 60}};
    ticket.queued_at = 1'000;
    ticket.deadline = 100'000;
    truth.upsert(ticket);
    encoder.put(track, *truth.pool().slot_of(ticket.id), ticket);
  }
  matching::Workspace workspace;
  auto plan = truth.plan(5'000, workspace);
  check(plan.matches.size() == 1, "the two are matched");
  plan.matches[0].quality += quality_off;
  if (swapped) std::swap(plan.seats[0].slot, plan.seats[1].slot);
  encoder.planned(track, 5'000, plan);
  encoder.flush();
  return play({bytes});
}

TEST(Replay, FindsTheSmallestDifference) {
  EXPECT_EQ(first_problem(played_with(0, false)), "");
  const auto off = played_with(1e-15, false);
  EXPECT_EQ(off.counts.differences, 1U);
  EXPECT_NE(first_problem(off).find("t:ranked:eu-west:1 match 1: quality"), std::string::npos) << first_problem(off);
  EXPECT_EQ(off.differences.at(0).at, TimePoint(Milliseconds(5'000)));
  const auto swapped = played_with(0, true);
  EXPECT_EQ(swapped.counts.differences, 1U);
  EXPECT_NE(first_problem(swapped).find("in a seat of another ticket"), std::string::npos) << first_problem(swapped);
}

TEST(Replay, RefusesInconsistentEvents) {
  const auto refusal = [](const std::function<void(EventEncoder&, EventEncoder::Track&)>& record) {
    std::string bytes;
    EventEncoder encoder([&](std::string&& piece) { bytes += piece; });
    encoder.open();
    ModeRules rules;
    rules.id = ranked_mode();
    EventEncoder::Track track;
    encoder.begin(track, "t:ranked:eu-west:1", rules, true);
    record(encoder, track);
    encoder.flush();
    return play({bytes}).failure;
  };
  EXPECT_EQ(refusal([](EventEncoder&, EventEncoder::Track&) {}), "");
  EXPECT_EQ(refusal([](EventEncoder& encoder, EventEncoder::Track& track) {
              encoder.left(track, 3, LeaveReason::cancelled);
            }),
            "a ticket left t:ranked:eu-west:1 that was not there");
  EXPECT_EQ(
      refusal([](EventEncoder& encoder, EventEncoder::Track& track) { encoder.put(track, 0, matching::PoolTicket{}); }),
      "a ticket in t:ranked:eu-west:1 that the pool rejects");
  EXPECT_EQ(refusal([](EventEncoder& encoder, EventEncoder::Track& track) {
              encoder.end(track);
              encoder.sorted(track);
            }),
            "bucket 0 has not begun");
  EXPECT_EQ(refusal([](EventEncoder& encoder, EventEncoder::Track& track) {
              encoder.begin(track, "nowhere", ModeRules{}, true);
            }),
            "the rules of nowhere cannot be read");
}

TEST(Replay, OfASyntheticEveningHasNoDifferences) {
  const Folder folder;
  simulator::Evening evening;
  evening.players = 300;
  evening.minutes = 3;
  evening.modes = wire::shipped_mode_table();
  const auto recorded = simulator::record_evening(evening, folder.path("evening"));
  ASSERT_TRUE(recorded.ok()) << recorded.error();
  EXPECT_GT(recorded->matches, 10U);
  const auto replay = replay_file(folder.path("evening"));
  EXPECT_EQ(replay.failure, "");
  EXPECT_FALSE(replay.unfinished);
  EXPECT_EQ(replay.counts.differences, 0U);
  EXPECT_EQ(replay.counts.ticks, recorded->ticks);
  EXPECT_EQ((replay.counts.last - replay.counts.first).count(), 180'000);
  EXPECT_FALSE(simulator::record_evening(evening, folder.path("evening")).ok()) << "the file exists already";
}

}  // namespace
}  // namespace mm::matchmaker::recording
