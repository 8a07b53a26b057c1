// Tests of the log lines that the process writes to standard output.
#include "common/runtime/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <thread>
#include <vector>

#include "common/base/id.h"
#include "common/contracts/names.h"
#include "common/runtime/trace.h"
#include "common/wire/json.h"

namespace mm::log {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// Redirects standard output to another file descriptor for the lifetime of the object.
class Redirected {
 public:
  explicit Redirected(int to) : before_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    ::dup2(to, STDOUT_FILENO);
  }
  ~Redirected() {
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int before_;
};

class LogLines : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = std::tmpfile();
    start("lobby", "lobby-2", Level::debug);
  }
  void TearDown() override {
    std::fclose(file_);
    start("test", "test-1", Level::error);
  }

  template <class Write>
  std::vector<std::string> lines_of(const Write& write) {
    {
      const Redirected redirected(fileno(file_));
      write();
    }
    std::rewind(file_);
    std::vector<std::string> lines;
    char buffer[8192];
    while (std::fgets(buffer, sizeof buffer, file_) != nullptr) lines.emplace_back(buffer);
    return lines;
  }

  std::FILE* file_ = nullptr;
};

TEST_F(LogLines, AreOneJsonObjectEach) {
  const auto trace = trace::new_trace();
  const auto lines = lines_of([&] {
    info("party_created",
         {{"party_id", PartyId()}, {"region", default_region()}, {"members", 3}, {"public", true}, {"seconds", 0.5}});
    const trace::Scope scope(trace);
    warning("queue_full", {});
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0],
              MatchesRegex("\\{\"time\":\"20[0-9-]*T[0-9:]*\\.[0-9][0-9][0-9]Z\",\"level\":\"info\",\"service\":"
                           "\"lobby\",\"instance\":\"lobby-2\",\"event\":\"party_created\",\"party_id\":"
                           "\"00000000-0000-0000-0000-000000000000\",\"region\":\"eu-west\",\"members\":3,"
                           "\"public\":true,\"seconds\":0.5\\}\n"));
  EXPECT_THAT(lines[1], HasSubstr("\"event\":\"queue_full\",\"trace_id\":\"" + trace.trace_id_text() + "\""));
}

TEST_F(LogLines, CannotBeForged) {
  const std::string hostile = "x\"}\n{\"level\":\"info\",\"event\":\"forged\"}\x1b[31m\x80";
  const auto lines = lines_of([&] { info("seen", {{"agent", hostile}}); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(json::Document::parse(lines[0]).ok()) << lines[0];
}

TEST_F(LogLines, CutLongTextsAtACharacterBoundary) {
  std::string text = "a";
  while (text.size() < 1'000'000) text += "ä";
  const auto lines = lines_of([&] { info("seen", {{"agent", text}}); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 512u);
  const auto document = json::Document::parse(lines[0]);
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->root().find("agent")->string(), text.substr(0, 255));
}

TEST_F(LogLines, AreLeftOutBelowTheLevel) {
  start("lobby", "lobby-2", Level::warning);
  const auto lines = lines_of([] {
    debug("no");
    info("no");
    warning("yes");
    error("yes");
  });
  EXPECT_EQ(lines.size(), 2u);
}

TEST_F(LogLines, OfManyThreadsDoNotMix) {
  const auto lines = lines_of([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) info("line", {{"text", std::string(200, 'x')}});
      });
    }
    for (auto& thread : threads) thread.join();
  });
  ASSERT_EQ(lines.size(), 800u);
  for (const auto& line : lines) EXPECT_TRUE(json::Document::parse(line).ok());
}

TEST_F(LogLines, AreDroppedAndCountedWhenNobodyReads) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto before = dropped();
  {
    const Redirected redirected(ends[1]);
    // This is more than a pipe holds. A logger that waited for a reader would hang the test.
    for (int i = 0; i < 2'000; ++i) info("line", {{"text", std::string(200, 'x')}});
  }
  EXPECT_GT(dropped(), before);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(LogLines, AreDroppedAndCountedWhenTheDiskIsFull) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  const auto before = dropped();
  {
    const Redirected redirected(full);
    info("line");
  }
  EXPECT_EQ(dropped(), before + 1);
  ::close(full);
}

TEST(LogLevels, HaveNames) {
  Level level = Level::error;
  EXPECT_TRUE(parse_level("debug", level));
  EXPECT_EQ(level, Level::debug);
  EXPECT_FALSE(parse_level("verbose", level));
  EXPECT_EQ(level, Level::debug);
}

}  // namespace
}  // namespace mm::log
