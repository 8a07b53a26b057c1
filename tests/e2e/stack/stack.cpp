#include "tests/e2e/stack/stack.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "common/base/result.h"

// Further settings of the stack of this test program, as "MM_LOBBIES=2".
#ifndef MM_E2E_SETTINGS
#define MM_E2E_SETTINGS ""
#endif

// Whether the tests freeze daemons that have requests: their answers come too late, and nats-server refuses them.
#ifndef MM_E2E_LATE_ANSWERS
#define MM_E2E_LATE_ANSWERS false
#endif

namespace mm::e2e {
namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_free(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

Stack::Command run(const std::string& command) {
  Stack::Command result;
  FILE* pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  check(pipe != nullptr, "popen failed");
  std::array<char, 4096> buffer;
  while (const auto read = fread(buffer.data(), 1, buffer.size(), pipe)) result.output.append(buffer.data(), read);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return result;
}

std::string value_in(const std::string& assignments, const std::string& name) {
  std::istringstream lines(assignments);
  std::string line;
  const auto prefix = "export " + name + "=";
  while (std::getline(lines, line)) {
    if (line.rfind(prefix, 0) == 0) return line.substr(prefix.size());
  }
  return "";
}

/// Fails if nats-server has refused a subject to a client or dropped a slow client.
class NatsLog : public ::testing::Environment {
 public:
  explicit NatsLog(std::string path) : path_(std::move(path)) {}
  void TearDown() override {
    std::ifstream log(path_);
    for (std::string line; std::getline(log, line);) {
      const bool late_answer = line.find("Publish Violation - ") != std::string::npos &&
                               line.find("Subject \"_INBOX_gateway.") != std::string::npos;
      if (MM_E2E_LATE_ANSWERS && late_answer) continue;
      const bool wrong =
          line.find(" Violation - ") != std::string::npos || line.find("Slow Consumer") != std::string::npos;
      EXPECT_FALSE(wrong) << "nats-server says: " << line;
    }
  }

 private:
  const std::string path_;
};

}  // namespace

// The ports are below the range of outgoing connections, so that no client takes one between this check and the start.
int Stack::free_block() {
  std::mt19937 random(static_cast<unsigned>(getpid()) ^ std::random_device{}());
  for (int attempt = 0; attempt < 200; ++attempt) {
    const int base = 10'000 + static_cast<int>(random() % 100) * 200;
    bool free = true;
    for (int offset = 0; offset < 110 && free; ++offset) free = is_free(base + offset);
    if (free) return base;
  }
  return 0;
}

Stack& Stack::instance() {
  static Stack stack;
  static const auto* const log =
      ::testing::AddGlobalTestEnvironment(new NatsLog(stack.folder_ + "/state/log/nats/current"));
  check(log != nullptr, "the log of nats-server is not looked at");
  return stack;
}

Stack::Stack() : root_(from_environment("MM_TEST_SOURCE_DIR")), build_(from_environment("MM_TEST_BINARY_DIR")) {
  if (root_.empty()) root_ = ".";
  if (build_.empty()) build_ = root_ + "/build/release";
  char name[] = "/tmp/mm-e2e-XXXXXX";
  check(mkdtemp(name) != nullptr, "no temporary folder");
  folder_ = name;
  run("cp '" + root_ + "/deployments/modes.toml' " + folder_ + "/modes.toml");
  // If another program has taken a port of the block meanwhile, `up` ends with 75, and another block is tried.
  Command up;
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_base_ = free_block();
    up = run(prefix() + "ops/stack up");
    if (up.status != 75) break;
  }
  if (up.status != 0) {
    std::fprintf(stderr, "the stack did not start:\n%s\n", up.output.c_str());
    std::exit(1);
  }
  const auto environment = control("env").output;
  gateway_url_ = value_in(environment, "MM_GATEWAY_URL");
  nats_url_ = value_in(environment, "MM_NATS_URL");
  admin_token_ = value_in(environment, "MM_ADMIN_TOKEN");
}

Stack::~Stack() {
  control("down");
  control("forget");
  run("rm -rf " + folder_);
}

std::string Stack::prefix() const {
  return "cd '" + root_ + "' && env -u MM_TEST_SOURCE_DIR -u MM_TEST_BINARY_DIR MM_STATE=" + folder_ +
         "/state MM_PORT_BASE=" + std::to_string(port_base_) + " MM_MODES_FILE=" + folder_ +
         "/modes.toml MM_BUILD_DIR='" + build_ +
         "' MM_TENANTS='*' MM_RATE_LIMITS=off MM_BCRYPT_COST=4 MM_GAME_SECONDS=2 MM_MAX_SERVERS=2 " MM_E2E_SETTINGS " ";
}

Stack::Command Stack::control(const std::string& words) const { return run(prefix() + "ops/stack " + words); }

Stack::Command Stack::shell(const std::string& command) const {
  return run(prefix() + "MM_GATEWAY_URL=" + gateway_url_ + " MM_NATS_URL=" + nats_url_ + " BUILD=" + build_ +
             " bash -c '" + command + "'");
}

int Stack::pid_of(const std::string& process) const {
  std::ifstream file(folder_ + "/state/service/" + process + "/supervise/pid");
  int pid = 0;
  file >> pid;
  return pid;
}

bool Stack::ready(const std::string& process) const {
  const auto status = control("status").output;
  std::istringstream lines(status);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, word, last;
    words >> name;
    while (words >> word) last = word;
    if (name == process) return last == "ready";
  }
  return false;
}

}  // namespace mm::e2e
