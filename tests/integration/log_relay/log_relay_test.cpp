// Tests of log_relay: it passes lines on, and never blocks its writer while nobody reads them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/testing/daemon.h"
#include "common/testing/wait.h"

namespace mm::testing {
namespace {

using ::testing::ElementsAre;

class LogRelay : public ::testing::Test {
 protected:
  LogRelay() {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const auto program = built_program("log_relay");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      execl(program.c_str(), program.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~LogRelay() override {
    close(in_);
    close(out_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

  // Blocks if the relay does not read, so that the test does not end.
  void write_text(const std::string& text) const {
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto count = ::write(in_, rest.data(), rest.size());
      ASSERT_GT(count, 0);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// All output until the relay has ended, as lines.
  std::vector<std::string> rest() {
    close(in_);
    in_ = -1;
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = read(out_, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(count));
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
  std::string line() const {
    std::string text;
    for (char c = 0; read(out_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }

  int in_ = -1;
  int out_ = -1;
  pid_t pid_ = 0;
};

TEST_F(LogRelay, PassesLinesOnAndEndsWithItsInput) {
  write_text("first\nsecond\nwithout an end");
  EXPECT_THAT(rest(), ElementsAre("first", "second", "without an end"));
}

TEST_F(LogRelay, OutlivesTheSignalsThatEndTheProcess) {
  write_text("first\n");
  EXPECT_EQ(line(), "first");
  kill(pid_, SIGTERM);
  kill(pid_, SIGHUP);
  write_text("second\n");
  EXPECT_THAT(rest(), ElementsAre("second"));
}

TEST_F(LogRelay, TakesEverythingWhileNobodyReadsAndSaysHowMuchWasDropped) {
  constexpr int kLines = 20'000;
  const std::string text(100, 'x');
  for (int i = 0; i < kLines; ++i) write_text(text + "\n");
  fcntl(out_, F_SETFL, O_NONBLOCK);
  std::string output;
  EXPECT_TRUE(eventually([&] {
    char buffer[4096];
    for (ssize_t count = 0; (count = read(out_, buffer, sizeof buffer)) > 0;) {
      output.append(buffer, static_cast<std::size_t>(count));
    }
    write_text("after\n");
    return output.find(" lines were dropped, because") != std::string::npos && output.ends_with("after\n");
  }));
  std::istringstream lines(output);
  int whole = 0;
  for (std::string one; std::getline(lines, one);) whole += one == text ? 1 : 0;
  EXPECT_GT(whole, 100);
  EXPECT_LT(whole, kLines) << "the rest was dropped, and the test did not block";
}

}  // namespace
}  // namespace mm::testing
