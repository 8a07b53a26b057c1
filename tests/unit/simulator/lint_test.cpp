// Tests of the lint for mode tables, which warns of settings without effect. For each rule there is a row with a
// warning and a row without.
#include "services/simulator/commands/lint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace mm::simulator {
namespace {

/// The warnings for one mode with these lines, which begin on line 3.
std::string warnings_of(const std::string& lines) {
  const auto modes = wire::parse_located_modes("[[mode]]\nid = \"arena\"\n" + lines, "modes.toml");
  if (!modes) return modes.error().problems.front();
  std::string all;
  for (const auto& [place, text] : lint(*modes)) {
    all += (all.empty() ? "" : "\n") + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + text;
  }
  return all;
}

TEST(Lint, WarnsOfSettingsWithoutEffect) {
  struct Row {
    const char* lines;
    const char* warning;
  };
  constexpr Row kRows[] = {
      {"", ""},
      // Windows.
      {"use_rating = false\nmax_window = 900\n", "4:14: max_window does nothing: use_rating is false"},
      {"use_rating = false\nwiden = \"steps\"\n", "4:9: widen does nothing: use_rating is false"},
      {"initial_window = 500\nwiden_seconds = 20\n",
       "4:17: widen_seconds does nothing: max_window equals initial_window"},
      {"initial_window = 500\nmax_window = 500\n", ""},
      {"initial_window = 20000\nmax_window = 20000\n", ""},
      {"widen_seconds = 601\n",
       "3:17: widen_seconds is more than max_wait_seconds: the window never reaches max_window, but 499; tickets time "
       "out after 600 s"},
      {"widen_seconds = 600\n", ""},
      {"max_wait_seconds = 20\n",
       "1:1: widen_seconds is more than max_wait_seconds: the window never reaches max_window, but 300; tickets time "
       "out "
       "after 20 s"},
      // Steps.
      {"widen = \"steps\"\nwiden_seconds = 30\n", "4:17: widen_seconds does nothing: widen is \"steps\""},
      {"step_points = 30\n", "3:15: step_points does nothing: widen is \"linear\""},
      {"step_seconds = 30\n", "3:16: step_seconds does nothing: widen is \"linear\""},
      {"widen = \"steps\"\nstep_points = 401\n",
       "4:15: step_points overshoots in the first step: from initial_window to max_window there are only 400 points"},
      {"widen = \"steps\"\nstep_points = 400\n", ""},
      {"widen = \"steps\"\nstep_seconds = 600\n",
       "4:16: step_seconds is not less than max_wait_seconds: the window never widens; tickets time out after 600 s"},
      {"widen = \"steps\"\nstep_seconds = 80\n",
       "4:16: step_seconds is too long to reach max_window: that takes 8 steps, 640 s; tickets time out after 600 s"},
      {"widen = \"steps\"\nstep_seconds = 75\n", ""},
      // Latencies.
      {"latency_step_ms = 40\n",
       "3:19: latency_step_ms is set without max_latency_ms: with time every region opens to a ticket, however far"},
      {"latency_step_ms = 25\nlatency_step_seconds = 10\n", ""},
      {"max_latency_ms = 80\nlatency_step_ms = 40\n", ""},
      {"max_latency_ms = 80\nlatency_step_ms = 0\nlatency_step_seconds = 5\n",
       "5:24: latency_step_seconds does nothing: latency_step_ms is 0, so only the best region is ever open"},
      {"max_latency_ms = 80\nlatency_step_seconds = 600\n",
       "4:24: latency_step_seconds is not less than max_wait_seconds: a second region never opens"},
      {"max_latency_ms = 80\nlatency_step_ms = 81\n",
       "4:19: latency_step_ms is more than max_latency_ms: the first step opens every region there is"},
      // Parties.
      {"premade_offset = [0, 10, 20, 30, 40, 50]\n",
       "3:18: premade_offset has 6 entries, but the largest party has 5 players"},
      {"premade_offset = [0, 10, 20, 30, 40]\n", ""},
      {"team_sizes = [1]\npremade_offset = [0, 10]\n",
       "4:18: premade_offset has 2 entries, but the largest party has 1 player"},
      {"team_sizes = [1]\nmax_party_spread = 300\n",
       "4:20: max_party_spread does nothing: no team has room for a party"},
      {"max_party_spread = 20000\n", "3:20: max_party_spread does nothing: ratings are no farther apart than 20000"},
      {"max_party_spread = 800\n", ""},
      {"team_sizes = [10, 12]\n",
       "3:14: team_sizes has 12, which no party fills: parties have at most 10 players, so every team has several "
       "parties"},
      // Ratings.
      {"rated = false\nrating = \"glicko2\"\n", "4:10: rating does nothing: rated is false"},
      {"rated = false\n", ""},
      {"rating = \"weng_lin\"\n", ""},
      {"margin_stat = \"rounds\"\nmargin_weight = 0\n", "3:15: margin_stat does nothing: margin_weight is 0"},
      {"margin_stat = \"rounds\"\nmargin_weight = 0.5\n", ""},
      // Time.
      {"disconnect_grace_seconds = 600\n", "3:28: disconnect_grace_seconds never ends: tickets time out after 600 s"},
      {"disconnect_grace_seconds = 599\n", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(warnings_of(row.lines), row.warning) << row.lines;
}

TEST(Lint, ReportsWarningsInTheOrderOfTheFile) {
  EXPECT_EQ(warnings_of("rating = \"glicko2\"\nrated = false\nstep_points = 7\npremade_offset = [0, 1, 2, 3, 4, 5]\n"
                        "[[mode]]\nid = \"b\"\nstep_seconds = 3\n"),
            "3:10: rating does nothing: rated is false\n"
            "5:15: step_points does nothing: widen is \"linear\"\n"
            "6:18: premade_offset has 6 entries, but the largest party has 5 players\n"
            "9:16: step_seconds does nothing: widen is \"linear\"");
}

/// The exit status and the output of lint for a file of this text.
std::pair<int, std::string> run_on(const std::string& text, std::vector<std::string_view> words = {}) {
  const std::string path = ::testing::TempDir() + "mm_lint_" + std::to_string(::getpid()) + ".toml";
  std::ofstream(path, std::ios::trunc) << text;
  words.push_back(path);
  ::testing::internal::CaptureStdout();
  const int status = run_lint(words);
  auto said = ::testing::internal::GetCapturedStdout();
  for (auto at = said.find(path); at != std::string::npos; at = said.find(path)) said.replace(at, path.size(), "FILE");
  std::remove(path.c_str());
  return {status, said};
}

TEST(Lint, ExitsWithOneForErrorsAndIfStrictForWarnings) {
  using StatusAndOutput = std::pair<int, std::string>;
  EXPECT_EQ(run_on("[[mode]]\nid = \"a\"\n", {"--strict"}), StatusAndOutput(0, "1 modes, 0 errors, 0 warnings\n"));
  const std::string odd = "[[mode]]\nid = \"a\"\nstep_points = 3\n";
  const std::string warning =
      "warning: FILE:3:15: step_points does nothing: widen is \"linear\"\n1 modes, 0 errors, 1 warnings\n";
  EXPECT_EQ(run_on(odd), StatusAndOutput(0, warning));
  EXPECT_EQ(run_on(odd, {"--strict"}), StatusAndOutput(1, warning));
  EXPECT_EQ(
      run_on("[[mode]]\nid = \"a\"\nteams = 1\n[[mode]]\nid = \"a\"\n"),
      StatusAndOutput(1,
                      "error: FILE:3:9: teams must be from 2 to 16\nerror: FILE:5:6: the mode a is defined twice\n"
                      "0 modes, 2 errors, 0 warnings\n"));
  ::testing::internal::CaptureStdout();
  const std::vector<std::string_view> nowhere{"/nonexistent/modes.toml"};
  EXPECT_EQ(run_lint(nowhere), 1);
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("/nonexistent/modes.toml"), std::string::npos);
}

TEST(Lint, HasNoWarningsForTheShippedModes) {
  const char* source = std::getenv("MM_TEST_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const auto path = std::string(source) + "/deployments/modes.toml";
  const std::vector<std::string_view> words{"--strict", path};
  ::testing::internal::CaptureStdout();
  const int status = run_lint(words);
  EXPECT_EQ(status, 0) << ::testing::internal::GetCapturedStdout();
  if (status == 0) ::testing::internal::GetCapturedStdout();
}

}  // namespace
}  // namespace mm::simulator
