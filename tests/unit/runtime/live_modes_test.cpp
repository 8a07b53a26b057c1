// Tests of the mode table that follows its file: which changes are applied or refused, and that a reader sees the old
// table or the new one, but never a mix of both.
#include "common/runtime/live_modes.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "common/testing/wait.h"
#include "common/wire/mode_table.h"

namespace mm::runtime {
namespace {

using testing::eventually;

constexpr Milliseconds kQuick{5};
constexpr Milliseconds kNever{3'600'000};

std::string modes_text(const std::string& id, int window = 100) {
  return "[[mode]]\nid = \"" + id + "\"\ninitial_window = " + std::to_string(window) + "\n";
}

class LiveModesTest : public ::testing::Test {
 protected:
  LiveModesTest() {
    char name[] = "/tmp/mm_live_modes_XXXXXX";
    check(::mkdtemp(name) != nullptr, "no temporary folder");
    folder_ = name;
    path_ = folder_ + "/modes.toml";
  }
  ~LiveModesTest() override {
    std::remove(path_.c_str());
    std::remove(folder_.c_str());
  }

  void write(const std::string& text) const {
    const auto fresh = folder_ + "/fresh";
    std::ofstream(fresh) << text;
    check(std::rename(fresh.c_str(), path_.c_str()) == 0, "the file is put in its place");
  }
  static ModeTable table(const std::string& text) { return *wire::parse_mode_table(text, "first"); }
  static double window(const LiveModes::Table& table, const std::string& id) {
    const auto* rules = table->find(*Mode::parse(id));
    return rules == nullptr ? -1 : rules->initial_window;
  }
  double metric(const std::string& name) const {
    const auto text = "\n" + registry_.expose();
    const auto found = text.find("\n" + name + " ");
    return found == std::string::npos ? -1 : std::stod(text.substr(found + name.size() + 2));
  }

  std::string folder_;
  std::string path_;
  metrics::Registry registry_;
};

TEST_F(LiveModesTest, WithoutAFileNeverChanges) {
  LiveModes modes(table(modes_text("a")), "", registry_, kQuick);
  modes.reload();
  EXPECT_EQ(window(modes.current(), "a"), 100);
  EXPECT_EQ(modes.current(), modes.previous());
  EXPECT_EQ(modes.version(), 1U);
}

TEST_F(LiveModesTest, AppliesAChangeByItself) {
  write(modes_text("a"));
  LiveModes modes(table(modes_text("a")), path_, registry_, kQuick);
  const auto held = modes.current();
  write(modes_text("a", 250));
  ASSERT_TRUE(eventually([&] { return modes.version() == 2; }));
  EXPECT_EQ(window(modes.current(), "a"), 250);
  EXPECT_EQ(window(held, "a"), 100) << "a table that is in use does not change";
  EXPECT_EQ(modes.previous(), held);
  EXPECT_EQ(metric("mm_modes_changes_total"), 1);
  EXPECT_EQ(metric("mm_modes_refused"), 0);
}

TEST_F(LiveModesTest, IsUnchangedByATouchOrAComment) {
  write(modes_text("a"));
  LiveModes modes(table(modes_text("a")), path_, registry_, kNever);
  modes.reload();
  write(modes_text("a") + "# nothing new\n");
  modes.reload();
  EXPECT_EQ(modes.version(), 1U);
  EXPECT_EQ(metric("mm_modes_changes_total"), 0);
}

TEST_F(LiveModesTest, AppliesAChangeMadeBeforeTheFirstReload) {
  write(modes_text("a", 300));
  LiveModes modes(table(modes_text("a")), path_, registry_, kNever);
  EXPECT_TRUE(eventually([&] { return modes.version() == 2; }))
      << "the thread that follows the file must read it again after the start";
  EXPECT_EQ(window(modes.current(), "a"), 300);
}

TEST_F(LiveModesTest, RefusesABadFileOnceAndKeepsTheOldTable) {
  write(modes_text("a"));
  LiveModes modes(table(modes_text("a")), path_, registry_, kNever);
  modes.reload();
  ::testing::internal::CaptureStdout();
  write(modes_text("a", 200) + "max_windw = 1\nteams = 99\n");
  for (int i = 0; i < 3; ++i) modes.reload();
  const auto logged = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(window(modes.current(), "a"), 100);
  EXPECT_EQ(modes.version(), 1U);
  EXPECT_EQ(metric("mm_modes_refused"), 1);
  for (const auto* reason :
       {":4:1: unknown key max_windw; did you mean max_window?", ":5:9: teams must be from 2 to 16"}) {
    const auto first = logged.find(path_ + reason);
    ASSERT_NE(first, std::string::npos) << logged;
    EXPECT_EQ(logged.find(reason, first + path_.size() + 1), std::string::npos) << "the problem is logged only once";
  }
  // The file is as it was at first: the table has not changed, and no file is refused any more.
  write(modes_text("a"));
  modes.reload();
  EXPECT_EQ(metric("mm_modes_refused"), 0);
  EXPECT_EQ(modes.version(), 1U);
}

TEST_F(LiveModesTest, KeepsTheTableWhileTheFileIsMissing) {
  write(modes_text("a"));
  LiveModes modes(table(modes_text("a")), path_, registry_, kNever);
  modes.reload();
  // The log is captured from here on, because the thread of LiveModes may be the first to see that the file is gone.
  ::testing::internal::CaptureStdout();
  std::remove(path_.c_str());
  modes.reload();
  modes.reload();
  const auto logged = ::testing::internal::GetCapturedStdout();
  const auto first = logged.find("cannot be read");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(logged.find("cannot be read", first + 1), std::string::npos) << "the problem is logged only once";
  EXPECT_EQ(metric("mm_modes_refused"), 1);
  EXPECT_EQ(window(modes.current(), "a"), 100);
  write(modes_text("a", 150));
  modes.reload();
  EXPECT_EQ(window(modes.current(), "a"), 150);
  EXPECT_EQ(metric("mm_modes_refused"), 0);
}

// A file that an editor has written only in part is neither applied nor refused.
TEST_F(LiveModesTest, WaitsForAFileThatIsBeingWritten) {
  write(modes_text("a"));
  LiveModes modes(table(modes_text("a")), path_, registry_, kNever);
  modes.reload();
  std::ofstream file(path_, std::ios::trunc);
  file << "[[mode]]\nid = \"a\"\ninitial_window = " << std::flush;
  std::thread writer([&] { file << "175\n" << std::flush; });
  modes.reload();
  writer.join();
  modes.reload();
  EXPECT_EQ(window(modes.current(), "a"), 175);
  EXPECT_EQ(metric("mm_modes_refused"), 0);
}

TEST_F(LiveModesTest, NeverShowsAMixOfTwoTables) {
  const auto both = [](int window) { return modes_text("a", window) + modes_text("b", window); };
  write(both(100));
  LiveModes modes(table(both(100)), path_, registry_, kNever);
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!stop) {
      const auto table = modes.current();
      if (window(table, "a") != window(table, "b")) ++torn;
    }
  });
  for (int i = 1; i <= 10; ++i) {
    write(both(100 + i));
    modes.reload();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(modes.version(), 11U);
}

TEST(ChangedModes, AreTheModesThatWereAddedRemovedOrChanged) {
  const auto table = [](const std::string& text) { return *wire::parse_mode_table(text, "modes.toml"); };
  const auto before = table(modes_text("same") + modes_text("goes") + modes_text("other", 100));
  const auto after = table(modes_text("other", 101) + modes_text("comes") + modes_text("same"));
  const auto changed = changed_modes(before, after);
  std::vector<std::string> names;
  for (const auto& mode : changed) names.push_back(mode.str());
  EXPECT_EQ(names, (std::vector<std::string>{"other", "comes", "goes"}));
  EXPECT_TRUE(changed_modes(after, after).empty());
}

}  // namespace
}  // namespace mm::runtime
