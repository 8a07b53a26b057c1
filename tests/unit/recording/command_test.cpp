// Tests of the commands mm-sim record and mm-sim replay.
#include <gtest/gtest.h>

#include <filesystem>

#include "services/matchmaker/recording/file_writer.h"
#include "services/simulator/commands/record.h"
#include "tests/unit/recording/history.h"

namespace mm::simulator {
namespace {

using matchmaker::recording::Folder;

struct CommandResult {
  int status = 0;
  std::string out;
  std::string err;
  bool has(const std::string& text) const { return out.find(text) != std::string::npos; }
};

CommandResult run(int (*command)(Words), std::vector<std::string> words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  CommandResult result;
  result.status = command(views);
  result.out = ::testing::internal::GetCapturedStdout();
  result.err = ::testing::internal::GetCapturedStderr();
  return result;
}

TEST(RecordCommand, WritesARecordingThatReplaysWithoutDifferences) {
  const Folder folder;
  const auto file = folder.path("evening.mmrec");
  const auto recorded = run(run_record, {"--players", "200", "--minutes", "2", "--seed", "9", file});
  EXPECT_EQ(recorded.status, 0) << recorded.err;
  EXPECT_TRUE(recorded.has("1201 ticks, ")) << recorded.out;
  const auto replayed = run(run_replay, {"--check", "--speed", file});
  EXPECT_EQ(replayed.status, 0) << replayed.err;
  EXPECT_TRUE(replayed.has("2027-01-15 08:00:00.000 to 2027-01-15 08:02:00.000 UTC, 120.0 s, 1201 ticks"))
      << replayed.out;
  EXPECT_TRUE(replayed.has("; 0 plans differ from the recorded ones"));
  EXPECT_TRUE(replayed.has(" times real time"));
  EXPECT_EQ(run(run_record, {file}).status, 1) << "an existing file is not overwritten";
  EXPECT_EQ(run(run_record, {}).status, 64);
  EXPECT_EQ(run(run_record, {"--players", "0", folder.path("other")}).status, 64);
}

TEST(RecordCommand, WritesTheSameForTheSameSeedOnly) {
  const Folder folder;
  const auto counts = [&](const std::string& seed, const std::string& name) {
    run(run_record, {"--players", "150", "--minutes", "1", "--seed", seed, folder.path(name)});
    return run(run_replay, {folder.path(name)}).out.substr(folder.path(name).size());
  };
  const auto first = counts("1", "a");
  EXPECT_EQ(first, counts("1", "b"));
  EXPECT_NE(first, counts("2", "c"));
}

TEST(ReplayCommand, ExitsWithOneForADifferenceAndPrintsIt) {
  const Folder folder;
  const auto path = folder.path("different.mmrec");
  auto file = matchmaker::recording::FileWriter::create(path, {"test", TimePoint(Milliseconds(0)), 1});
  ASSERT_TRUE(file.ok());
  matchmaker::recording::EventEncoder encoder([&](std::string&& piece) { ASSERT_TRUE(file->write(piece).ok()); });
  encoder.open();
  ModeRules rules;
  rules.id = ranked_mode();
  matchmaker::recording::EventEncoder::Track track;
  encoder.tick(TimePoint(Milliseconds(1'000)));
  encoder.begin(track, "t:ranked:eu-west:1", rules, true);
  matching::TickPlan plan_with_empty_match;
  plan_with_empty_match.matches.push_back({0, 0, 1, 0, 0});
  encoder.planned(track, 1'000, plan_with_empty_match);
  encoder.flush();
  ASSERT_TRUE(file->finish().ok());
  const auto checked = run(run_replay, {"--check", path});
  EXPECT_EQ(checked.status, 1);
  EXPECT_TRUE(checked.has("1970-01-01 00:00:01.000 t:ranked:eu-west:1: matches: 1 recorded, 0 planned")) << checked.out;
  const auto unchecked = run(run_replay, {path});
  EXPECT_EQ(unchecked.status, 0);
  EXPECT_TRUE(unchecked.has("1 plans differ from the recorded ones"));
}

TEST(ReplayCommand, ReplaysUpToTheDamageAndReportsItsPosition) {
  const Folder folder;
  const auto path = folder.path("cut.mmrec");
  ASSERT_EQ(run(run_record, {"--players", "3000", "--minutes", "5", path}).status, 0);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto result = run(run_replay, {"--check", path});
  EXPECT_EQ(result.status, 65);
  EXPECT_NE(result.err.find(path + ": block "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("is cut off"), std::string::npos) << result.err;
  EXPECT_TRUE(result.has("; 0 plans differ from the recorded ones"));
  EXPECT_FALSE(result.has(" 0 matches planned")) << result.out;
  EXPECT_EQ(run(run_replay, {folder.path("nowhere")}).status, 65);
  EXPECT_EQ(run(run_replay, {}).status, 64);
}

}  // namespace
}  // namespace mm::simulator
