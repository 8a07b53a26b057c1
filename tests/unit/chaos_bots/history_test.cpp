// The history of a chaos run: the form of its lines, and that no complete line is lost with the process that wrote it.
#include "tests/chaos/bots/history.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/id.h"

namespace mm::chaos {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/chaos-history-XXXXXX";
    check(::mkdtemp(name) != nullptr, "no temporary folder");
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) out.push_back(line);
  return out;
}

json::Document parsed(const std::string& line) {
  auto document = json::Document::parse(line);
  EXPECT_TRUE(document) << line;
  return *std::move(document);
}

std::string text(const json::Value& line, std::string_view key) {
  const auto value = line.find(key);
  return value ? value->text() : "absent";
}

TEST(History, AnOperationHasTwoLinesWithOneNumber) {
  Folder folder;
  const auto path = folder.file("bots.jsonl");
  {
    auto history = History::open(path, "bots");
    ASSERT_TRUE(history);
    const auto first =
        history->begin("enqueue", Fields().add("player", "p1").add("players", std::vector<std::string>{"p1"}));
    history->fact("frame", Fields().add("seq", 7));
    history->end(first, "enqueue", Phase::ok, Fields().add("status", 201));
    EXPECT_EQ(history->lines(), 3);
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 3u);
  const auto invoke = parsed(lines[0]), frame = parsed(lines[1]), ok = parsed(lines[2]);
  EXPECT_EQ(text(invoke.root(), "n"), "\"bots\"");
  EXPECT_EQ(text(invoke.root(), "op"), "\"enqueue\"");
  EXPECT_EQ(text(invoke.root(), "ph"), "\"invoke\"");
  EXPECT_EQ(text(invoke.root(), "players"), "[\"p1\"]");
  EXPECT_EQ(text(frame.root(), "ph"), "\"ok\"");
  EXPECT_EQ(text(ok.root(), "ph"), "\"ok\"");
  EXPECT_EQ(text(ok.root(), "status"), "201");
  EXPECT_EQ(text(invoke.root(), "i"), text(ok.root(), "i"));
  EXPECT_NE(text(invoke.root(), "i"), text(frame.root(), "i"));
  EXPECT_LE(*invoke.root().find("t")->integer(), *ok.root().find("t")->integer());
}

TEST(History, ValuesAreEscaped) {
  Folder folder;
  const auto path = folder.file("bots.jsonl");
  auto history = History::open(path, "bots");
  ASSERT_TRUE(history);
  history->fact(
      "frame",
      Fields().add("text", "a \"quote\",\n a line feed and \xff no UTF-8").add("match", std::optional<MatchId>{}));
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 1u);
  const auto line = parsed(lines[0]);
  EXPECT_EQ(line.root().find("text")->string(), "a \"quote\",\n a line feed and \xef\xbf\xbd no UTF-8");
  EXPECT_FALSE(line.root().find("match")) << "an absent value adds no member";
}

// A reader refuses an object with a member twice, and with it the whole run.
TEST(History, AMemberOfEveryLineCannotBeAddedAgain) {
  for (const auto* name : {"t", "w", "n", "i", "op", "ph"}) EXPECT_DEATH(Fields().add(name, 1), "written twice");
}

TEST(History, AppendsToAFileThatExists) {
  Folder folder;
  const auto path = folder.file("server-1.jsonl");
  for (int run = 0; run < 2; ++run) {
    auto history = History::open(path, "server-1");
    ASSERT_TRUE(history);
    history->fact("hosted", {});
  }
  EXPECT_EQ(lines_of(path).size(), 2u);
}

TEST(History, ASecretIsWrittenAsThePrefixOfItsHash) {
  EXPECT_EQ(hash_of("abc"), "ba7816bf8f01cfea");  // FIPS 180-2, appendix B.1
}

// The child writes until it is killed. Each number up to the last one must be there: a writer that kept lines in memory
// would lose some, and one that needed several writes for a line could leave a part of a line.
TEST(History, KeepsEveryLineOfAWriterThatIsKilled) {
  Folder folder;
  const auto path = folder.file("killed.jsonl");
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto history = History::open(path, "killed");
    const std::string filler(300, 'x');
    for (std::int64_t written = 1;; ++written) {
      history->fact("frame", Fields().add("filler", filler));
      // The parent knows about each line whose number it has received.
      if (::write(ready[1], &written, sizeof written) != sizeof written) std::_Exit(1);
    }
  }
  ::close(ready[1]);
  std::int64_t known = 0;
  for (int i = 0; i < 500; ++i) ASSERT_EQ(::read(ready[0], &known, sizeof known), ssize_t{sizeof known});
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  while (::read(ready[0], &known, sizeof known) == ssize_t{sizeof known}) {
  }
  ::close(ready[0]);

  const auto lines = lines_of(path);
  ASSERT_GE(static_cast<std::int64_t>(lines.size()), known);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = parsed(lines[i]);
    EXPECT_EQ(line.root().find("i")->integer(), static_cast<std::int64_t>(i) + 1);
  }
}

// One write(2) for each line: lines of two processes that append to one file are never mixed.
TEST(History, LinesOfTwoWritersAreNotMixed) {
  Folder folder;
  const auto path = folder.file("shared.jsonl");
  constexpr int kLines = 2'000;
  std::vector<pid_t> children;
  for (const auto* name : {"first", "second"}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto history = History::open(path, name);
      for (int i = 0; i < kLines; ++i) history->fact("frame", Fields().add("filler", std::string(1'000, 'y')));
      std::_Exit(0);
    }
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  const auto lines = lines_of(path);
  EXPECT_EQ(lines.size(), 2u * kLines);
  for (const auto& line : lines) ASSERT_TRUE(json::Document::parse(line)) << line.substr(0, 80);
}

// A history with a hole would be worse than none.
TEST(History, EndsTheProcessIfALineCannotBeWritten) {
  Folder folder;
  const auto path = folder.file("full.jsonl");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4'096, 4'096};
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto history = History::open(path, "full");
    for (int i = 0; i < 1'000; ++i) history->fact("frame", {});
    std::_Exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), History::kExitNotWritten);
}

}  // namespace
}  // namespace mm::chaos
