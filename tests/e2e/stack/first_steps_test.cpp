// Tests of typical problems at the first start of the stack: wrong settings, ports in use, another game server program,
// and an invalid file of modes.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

constexpr int kRefused = 78;

std::string other_state() { return Stack::instance().folder() + "/other"; }

/// Runs `ops/stack up` for a second stack with these settings.
Stack::Command start_other(const std::string& settings) {
  return Stack::instance().shell("MM_STATE=" + other_state() + " " + settings + " ops/stack up");
}

struct WrongValue {
  std::string setting;
  std::string said;
};

TEST(FirstSteps, AWrongValueIsRefusedInOneLineBeforeAnythingStarts) {
  const std::vector<WrongValue> all{
      {"MM_BCRYPT_COST=20", "MM_BCRYPT_COST is '20'; it must be a whole number from 4 to 14; the nearest is 14"},
      {"MM_TICK_MS=5", "MM_TICK_MS is '5'; it must be a whole number from 10 to 1000; the nearest is 10"},
      {"MM_GAME_SECONDS=soon", "MM_GAME_SECONDS is 'soon'; it must be a whole number from 1 to 14400"},
      {"MM_MAX_SERVERS=0", "MM_MAX_SERVERS is '0'; it must be a whole number from 1 to 256; the nearest is 1"},
      {"MM_PROVIDER=proces", "the nearest is process"},
      {"MM_LOG_LEVEL=warn",
       "MM_LOG_LEVEL is 'warn'; it must be one of debug, info, warning, error; the nearest is warning"},
      {"MM_RATE_LIMITS=of", "MM_RATE_LIMITS is 'of'; it must be one of on, off; the nearest is off"},
      {"MM_ALLOW_WEAK_STORES=2", "MM_ALLOW_WEAK_STORES is '2'; it must be one of 0, 1"},
      {"MM_GATEWAYS=0", "MM_GATEWAYS is '0'; it must be a whole number from 1 to 8; the nearest is 1"},
      {"MM_LOBBIES=9", "MM_LOBBIES is '9'; it must be a whole number from 1 to 8; the nearest is 8"},
      {"MM_ORCHESTRATORS=0", "MM_ORCHESTRATORS is '0'; it must be a whole number from 1 to 8; the nearest is 1"},
      {"MM_SESSION=2", "MM_SESSION is no setting; did you mean MM_SESSIONS?"},
      {"MM_MATCHMAKERS=many", "MM_MATCHMAKERS is 'many'; it must be a whole number from 1 to 8"},
      {"MM_PORT_BASE=70000",
       "MM_PORT_BASE is '70000'; it must be a whole number from 1024 to 65336; the nearest is 65336"},
      {"MM_MODES_FILE=/nowhere.toml", "MM_MODES_FILE is '/nowhere.toml'"},
      {"MM_TLS_CERT_FILE=/nowhere.pem",
       "MM_TLS_CERT_FILE is '/nowhere.pem'; it must be set together with MM_TLS_KEY_FILE"},
      {"MM_LISTEN_ADDRESS=localhost", "MM_LISTEN_ADDRESS is 'localhost'; it must be an IP address"},
      {"MM_TRUSTED_PROXIES=everybody", "MM_TRUSTED_PROXIES is 'everybody'"},
      {"MM_ALLOWED_ORIGINS=game.example/", "the nearest is https://game.example"},
      {"MM_ALLOWED_HOSTS=http://game", "MM_ALLOWED_HOSTS is 'http://game'"},
      {"MM_TENANTS=UPPER", "MM_TENANTS is 'UPPER'"},
      {"MM_SEASONS=first", "MM_SEASONS is 'first'"},
      {"MM_GAME_SERVER_PROGRAM=/nowhere", "MM_GAME_SERVER_PROGRAM is '/nowhere'; there is no such file"},
      {"MM_GAME_ADDRESS=0.0.0.0", "MM_GAME_ADDRESS is '0.0.0.0'; it must be the IPv4 address"},
      {"MM_TICK_MSS=50", "MM_TICK_MSS is no setting; did you mean MM_TICK_MS?"},
  };
  for (const auto& wrong : all) {
    const auto up = start_other(wrong.setting);
    EXPECT_EQ(up.status, kRefused) << wrong.setting << "\n" << up.output;
    EXPECT_NE(up.output.find(wrong.said), std::string::npos) << wrong.setting << "\n" << up.output;
    EXPECT_EQ(std::count(up.output.begin(), up.output.end(), '\n'), 1) << wrong.setting << "\n" << up.output;
    EXPECT_NE(::access(other_state().c_str(), F_OK), 0) << wrong.setting << ": nothing was begun";
  }
}

TEST(FirstSteps, EverythingThatIsWrongIsToldAtOnce) {
  const auto up = start_other("MM_BCRYPT_COST=1 MM_TICK_MS=1 MM_LOG_LEVEL=loud");
  EXPECT_EQ(up.status, kRefused);
  EXPECT_EQ(std::count(up.output.begin(), up.output.end(), '\n'), 3) << up.output;
}

TEST(FirstSteps, APortBaseAmongOutgoingConnectionsIsWarnedOf) {
  int low = 0, high = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low >> high;
  ASSERT_GT(high, low);
  const auto inside = std::to_string(std::min(low + 100, 65'336));
  const auto up = start_other("MM_TICK_MS=1 MM_PORT_BASE=" + inside);
  EXPECT_EQ(up.status, kRefused);
  EXPECT_NE(up.output.find("warning: the ports " + inside + " to "), std::string::npos) << up.output;
  EXPECT_NE(up.output.find("range of outgoing connections"), std::string::npos) << up.output;
}

TEST(FirstSteps, WhatComesNextIsAboutThisStack) {
  const auto& stack = Stack::instance();
  const auto up = stack.control("up");
  EXPECT_EQ(up.status, 0);
  const auto next = up.output.substr(std::min(up.output.find("Next: "), up.output.size()));
  EXPECT_NE(next.find("MM_STATE=" + stack.folder() + "/state "), std::string::npos) << up.output;
  EXPECT_NE(next.find("MM_PORT_BASE=" + std::to_string(stack.port_base())), std::string::npos) << up.output;
}

TEST(FirstSteps, ARefusedModeTableShowsInTheStatus) {
  const auto& stack = Stack::instance();
  const auto file = stack.folder() + "/modes.toml";
  const auto refused = [&] {
    return stack.control("status").output.find("goes on with an older mode table") != std::string::npos;
  };
  const auto in_json = [&] {
    return stack.shell("FORMAT=json ops/stack status").output.find("\"modes_refused\":true") != std::string::npos;
  };
  EXPECT_FALSE(refused());
  EXPECT_FALSE(in_json());
  ASSERT_EQ(stack.shell("cp " + file + " " + file + ".good && echo mistake >> " + file).status, 0);
  EXPECT_TRUE(testing::eventually([&] { return refused() && in_json(); }, Milliseconds(30'000)));
  EXPECT_TRUE(stack.ready("lobby-1")) << "it goes on";
  ASSERT_EQ(stack.shell("mv " + file + ".good " + file).status, 0);
  EXPECT_TRUE(testing::eventually([&] { return !refused(); }, Milliseconds(30'000)));
}

/// Listens on the port as soon as it is free, even if old connections of the daemon are in TIME_WAIT.
int hold(int port) {
  int held = -1;
  testing::eventually([&] {
    held = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(held, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool bound = ::bind(held, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (bound && ::listen(held, 1) == 0) return true;
    ::close(held);
    held = -1;
    return false;
  });
  return held;
}

TEST(FirstSteps, ADaemonWhosePortIsTakenSaysByWhomAndComesBack) {
  const auto& stack = Stack::instance();
  const auto port =
      std::atoi(stack.shell("ops/stack status | awk \"\\$1 == \\\"lobby-1\\\" { print \\$4 }\"").output.c_str());
  ASSERT_GT(port, 0);
  ASSERT_EQ(::kill(stack.pid_of("lobby-1"), SIGKILL), 0);
  const int held = hold(port);
  ASSERT_GE(held, 0) << "the port was never free";
  const auto said = "(pid " + std::to_string(::getpid()) + ")";
  EXPECT_TRUE(testing::eventually(
      [&] {
        const auto log = stack.shell("grep MM_ADMIN_PORT " + stack.folder() + "/state/log/lobby-1/current").output;
        return log.find("127.0.0.1:" + std::to_string(port)) != std::string::npos &&
               log.find("in use") != std::string::npos && log.find(said) != std::string::npos;
      },
      Milliseconds(30'000)));
  ::close(held);
  EXPECT_TRUE(testing::eventually([&] { return stack.ready("lobby-1"); }, Milliseconds(30'000)));
}

/// A second stack with another game server program.
class ForeignServer : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto& stack = Stack::instance();
    for (int attempt = 0; attempt < 5; ++attempt) {
      base_ = Stack::free_block();
      up_ = stack.shell(settings() + "ops/stack up");
      if (up_.status != 75) break;
    }
  }
  void TearDown() override {
    Stack::instance().shell(settings() + "ops/stack down");
    Stack::instance().shell(settings() + "ops/stack forget");
  }
  std::string settings() const {
    return "MM_STATE=" + Stack::instance().folder() + "/foreign MM_PORT_BASE=" + std::to_string(base_) +
           " MM_GAME_SERVER_PROGRAM=tests/e2e/stack/foreign_server.py MM_GAME_ADDRESS=127.0.0.2 ";
  }
  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(base_) + path; }

  int base_ = 0;
  Stack::Command up_;
};

TEST_F(ForeignServer, HostsMatchesAtTheAddressThatIsSet) {
  ASSERT_EQ(up_.status, 0) << up_.output;
  std::vector<Headers> players;
  for (const std::string name : {"ann", "bob"}) {
    ASSERT_EQ(http("POST", url("/v1/auth/register"),
                   R"({"username":")" + name + R"(","email":")" + name + R"(@example.com","password":"correct horse"})")
                  .status,
              201);
    const auto login =
        http("POST", url("/v1/auth/login"), R"({"username":")" + name + R"(","password":"correct horse"})");
    players.push_back({{"Authorization", "Bearer " + login.at("access_token")}});
  }
  for (const auto& player : players)
    EXPECT_EQ(http("POST", url("/v1/matchmaking/queue"), R"({"mode":"duel"})", player).status, 201);
  std::string endpoint;
  EXPECT_TRUE(testing::eventually(
      [&] {
        const auto active = http("GET", url("/v1/matchmaking/active"), "", players[0]);
        if (const auto now = active.at("match.server_endpoint"); !now.empty()) endpoint = now;
        return http("GET", url("/v1/matches/history"), "", players[0]).size("matches") == 1;
      },
      Milliseconds(60'000)));
  const auto history = http("GET", url("/v1/matches/history"), "", players[0]);
  EXPECT_EQ(history.at("matches.0.duration_seconds"), "1");
  const auto log = Stack::instance()
                       .shell("cat " + Stack::instance().folder() + "/foreign/log/session-1/current | grep match_ready")
                       .output;
  EXPECT_NE(log.find("127.0.0.2:"), std::string::npos) << log << endpoint;
}

}  // namespace
}  // namespace mm::e2e
