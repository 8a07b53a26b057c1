// Tests of the script that the supervisor runs when a process has ended: the pause before the next start, and what
// `make status` and the log say about the end. Time and pauses are stand-ins in PATH.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/testing/child.h"
#include "common/testing/own_file.h"

namespace mm {
namespace {

using ::testing::HasSubstr;

constexpr int kBeginning = 1'000'000;

class Supervision : public ::testing::Test {
 protected:
  Supervision() {
    become("lobby-1");
    add_program("sleep", "echo \"$1\" > pause");
    add_program("date", "case $* in *%s) cat clock ;; *) echo 2026-05-04T03:02:01Z ;; esac");
  }

  void add_program(const std::string& name, const std::string& text) const {
    const auto path = folder_.path() + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), 0755);
  }
  /// From now on the process is of this name: it has a service folder of its own.
  void become(const std::string& process) {
    home_ = folder_.path() + "/" + process;
    std::filesystem::create_directory(home_);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(home_ + "/" + name) << text << "\n";
  }
  std::string read(const std::string& name) const {
    std::ifstream file(home_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The process has run for this time. Returns the pause before its next start, in seconds; empty: no pause.
  std::string end_after(int seconds, const std::string& status = "69", const std::string& signal = "0") const {
    write("began", std::to_string(kBeginning));
    write("clock", std::to_string(kBeginning + seconds));
    const char* root = std::getenv("MM_TEST_SOURCE_DIR");
    std::remove((home_ + "/pause").c_str());
    testing::run_to_end(
        {.arguments = {std::string(root == nullptr ? "." : root) + "/ops/stack.d/process-ended", status, signal},
         .environment = {"PATH=" + folder_.path() + ":/usr/bin:/bin"},
         .folder = home_,
         .output = home_ + "/log",
         .user = std::nullopt});
    const auto pause = read("pause");
    return pause.substr(0, pause.find('\n'));
  }

  const testing::OwnFolder folder_;
  std::string home_;
};

TEST_F(Supervision, AProcessThatKeepsDyingIsStartedAfterAGrowingPause) {
  for (const char* pause : {"1", "2", "4", "8", "16", "30", "30"}) EXPECT_EQ(end_after(3), pause);
}

TEST_F(Supervision, AStoreThatKeepsDyingIsStartedAfterThreeSecondsAtMost) {
  for (const char* store : {"nats", "redis-queue", "redis-cache", "postgres"}) {
    become(store);
    for (const char* pause : {"1", "2", "3", "3", "3", "3", "3"}) EXPECT_EQ(end_after(3), pause) << store;
  }
}

TEST_F(Supervision, ALongRunStartsAtOnceAndEndsTheGrowth) {
  EXPECT_EQ(end_after(3), "1");
  EXPECT_EQ(end_after(3), "2");
  EXPECT_EQ(end_after(20), "2") << "not long enough to be healthy, not short enough to be another failed start";
  EXPECT_EQ(end_after(60), "0");
  EXPECT_EQ(end_after(3), "1");
}

TEST_F(Supervision, TheFirstEndAfterARunOfSecondsHasNoPause) { EXPECT_EQ(end_after(10), "0"); }

TEST_F(Supervision, AnOrderedStopIsNoFailure) {
  EXPECT_EQ(end_after(3), "1");
  write("told", "");
  EXPECT_EQ(end_after(3, "0"), "");
  EXPECT_EQ(read("last_end").substr(0, 2), "1\n") << "not counted as a restart";
  std::remove((home_ + "/told").c_str());
  EXPECT_EQ(end_after(3), "1");
}

TEST_F(Supervision, TheReasonIsStoredAndLogged) {
  end_after(12, "69");
  EXPECT_EQ(read("last_end"), "1\n2026-05-04T03:02:01Z\nexit status 69\n");
  EXPECT_EQ(read("ended"), "69\n");
  EXPECT_THAT(read("log"),
              HasSubstr(R"("event":"process_ended","reason":"exit status 69","ran_seconds":12,"pause_seconds":0)"));
  end_after(2, "-1", "9");
  EXPECT_EQ(read("last_end"), "2\n2026-05-04T03:02:01Z\nsignal KILL\n");
  EXPECT_THAT(read("log"), HasSubstr(R"("reason":"signal KILL","ran_seconds":2,"pause_seconds":1)"));
}

}  // namespace
}  // namespace mm
