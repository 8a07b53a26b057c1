// Tests of the subcommands of mm-sim, from their arguments to the files that they write.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "services/simulator/commands/compare.h"
#include "services/simulator/commands/listing.h"
#include "services/simulator/commands/run.h"
#include "services/simulator/commands/tournament.h"
#include "services/simulator/report/png.h"

namespace mm::simulator {
namespace {

class Subcommands : public ::testing::Test {
 protected:
  Subcommands() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mm-sim-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Subcommands() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  static int call(int (*command)(Words), const std::vector<std::string>& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    return command(views);
  }

  std::string folder_;
};

constexpr const char* kNarrow = "[[mode]]\nid = \"duel\"\nteam_sizes = [1]\ninitial_window = 40\nmax_window = 300\n";

TEST_F(Subcommands, RunWritesAPageChartsAndTables) {
  const std::string narrow = write("narrow.toml", kNarrow);
  ASSERT_EQ(call(run_run, {"--population", "outliers-1v1", "--minutes", "5", "--quiet", "--out", path("out"), narrow}),
            kExitFine);
  const std::string page = read("out/report.html");
  EXPECT_NE(page.find("outliers-1v1"), std::string::npos);
  EXPECT_NE(page.find("<svg "), std::string::npos);
  EXPECT_NE(page.find("narrow"), std::string::npos);
  const std::string summary = read("out/summary.csv");
  EXPECT_NE(summary.find("outliers-1v1,narrow,decile,10,"), std::string::npos);
  EXPECT_GT(read("out/queueings.csv").size(), 1000U);
  EXPECT_EQ(read("out/outliers-1v1-wait-by-rating.svg").rfind("<svg ", 0), 0U);
  if (!can_write_png()) GTEST_SKIP() << "rsvg-convert is not installed";
  EXPECT_EQ(read("out/outliers-1v1-wait-by-rating.png").substr(1, 3), "PNG");
}

TEST_F(Subcommands, CompareWritesTheDifferences) {
  const std::string narrow = write("narrow.toml", kNarrow);
  ASSERT_EQ(call(run_compare, {"shipped", narrow, "--population", "evening-1v1", "--minutes", "5", "--seeds", "3",
                               "--quiet", "--html", path("page.html")}),
            kExitFine);
  EXPECT_NE(read("page.html").find("quality 0."), std::string::npos) << "a narrow window gives duels of higher quality";
}

TEST_F(Subcommands, TournamentWritesAScorePerPolicy) {
  ASSERT_EQ(call(run_tournament, {"club-1v1", "--quick", "--quiet", "--csv", path("scores.csv")}), kExitFine);
  const std::string scores = read("scores.csv");
  for (const char* policy : {"ours", "fifo", "nearest", "flexmatch", "nakama", "faforever", "lila"}) {
    EXPECT_NE(scores.find(std::string("club-1v1,") + policy + ","), std::string::npos) << policy;
  }
}

TEST_F(Subcommands, RefuseInvalidArgumentsAndFiles) {
  EXPECT_EQ(call(run_run, {"--population", "nowhere"}), kExitBadInput);
  EXPECT_EQ(call(run_run, {"--population", "club-1v1", path("missing.toml")}), kExitBadInput);
  EXPECT_EQ(call(run_run, {"--population", "club-5v5", write("duel.toml", kNarrow)}), kExitBadInput);
  EXPECT_EQ(call(run_run, {"--seeds", "none"}), kExitBadInput);
  EXPECT_EQ(call(run_run, {"--sed", "1"}), kExitUsage);
  EXPECT_EQ(call(run_compare, {"shipped"}), kExitBadInput);
  EXPECT_EQ(call(run_tournament, {"--policies", "chess"}), kExitBadInput);
  EXPECT_EQ(call(run_tournament, {write("bad.toml", "players = 0\n")}), kExitBadInput);
}

TEST_F(Subcommands, ListPopulationsAndPolicies) {
  EXPECT_EQ(call(run_populations, {}), kExitFine);
  EXPECT_EQ(call(run_policies, {}), kExitFine);
  EXPECT_EQ(call(run_policies, {"--help"}), kExitFine);
}

}  // namespace
}  // namespace mm::simulator
