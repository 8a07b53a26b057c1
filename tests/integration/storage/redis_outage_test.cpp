// Tests of the Redis client while the server is killed, frozen, restarted or very slow: calls fail by their deadline,
// and the client recovers by itself.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "common/storage/redis.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"

namespace mm::storage {
namespace {

const Script kIncrement{"increment", "#!lua\nreturn redis.call('INCR', KEYS[1])"};

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

RedisOptions options_for(const std::string& url, int connections = 4) {
  RedisOptions options;
  options.url = url;
  options.connections = connections;
  return options;
}

RedisOptions options_for(const testing::OwnRedis& server) {
  auto options = options_for(server.url());
  options.password = server.password();
  return options;
}

class RedisOutage : public ::testing::Test {
 protected:
  bool works_again() {
    return testing::eventually([this] { return redis_.command({"PING"}, soon()).ok(); });
  }

  testing::OwnRedis server_{testing::OwnRedis::Instance::queue};
  Redis redis_{options_for(server_)};
};

TEST_F(RedisOutage, KeepsWhatWasAcknowledgedThroughAKill) {
  ASSERT_TRUE(redis_.command({"SET", "a", "1"}, soon()));
  server_.kill();
  const auto refused = redis_.command({"SET", "a", "2"}, soon());
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().refused);
  EXPECT_NE(redis_.state(soon()).flaw, "");
  server_.restart();
  ASSERT_TRUE(works_again());
  EXPECT_EQ(redis_.state(soon()).flaw, "");
  EXPECT_EQ(redis_.command({"GET", "a"}, soon())->text, "1");
}

TEST_F(RedisOutage, DoesNotLendConnectionsThatARestartHasClosed) {
  std::atomic<int> started{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ++started;
      while (started < 4) std::this_thread::yield();
      EXPECT_TRUE(redis_.command({"BLPOP", "nothing", "0.05"}, soon()));
    });
  }
  for (auto& thread : threads) thread.join();
  server_.restart();
  for (int i = 0; i < 8; ++i) {
    const auto reply = redis_.command({"PING"}, soon());
    ASSERT_TRUE(reply) << reply.error().text;
  }
}

TEST_F(RedisOutage, SendsScriptsAgainAfterARestart) {
  EXPECT_EQ(redis_.eval(kIncrement, {"n"}, {}, soon())->integer, 1);
  server_.restart();
  EXPECT_EQ(redis_.eval(kIncrement, {"n"}, {}, soon())->integer, 2);
  server_.restart();
  const auto replies =
      redis_.pipeline({{{}, &kIncrement, {"n"}}, {{"SET", "n", "40"}, nullptr, {}}, {{}, &kIncrement, {"n"}}}, soon());
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0].integer, 3);
  EXPECT_EQ((*replies)[2].integer, 41);
}

TEST_F(RedisOutage, AFrozenServerCostsTheDeadlineAndNoReplyComesLate) {
  ASSERT_TRUE(redis_.command({"MSET", "a", "of a", "b", "of b"}, soon()));
  server_.freeze();
  const auto deadline = Deadline::after(Milliseconds{100});
  EXPECT_FALSE(redis_.command({"GET", "a"}, deadline));
  EXPECT_TRUE(deadline.passed());
  EXPECT_FALSE(
      redis_.pipeline({{{"GET", "a"}, nullptr, {}}, {{"GET", "a"}, nullptr, {}}}, Deadline::after(Milliseconds{100})));
  server_.thaw();
  ASSERT_TRUE(works_again());
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(redis_.command({"GET", "b"}, soon())->text, "of b");
  }
}

TEST_F(RedisOutage, ManyCallersOfAFrozenServerAllGetAnError) {
  ASSERT_TRUE(redis_.command({"PING"}, soon()));
  server_.freeze();
  std::vector<std::thread> threads;
  std::atomic<int> errors{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 3; ++n) errors += redis_.command({"PING"}, Deadline::after(Milliseconds{100})).ok() ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(errors, 48);
  server_.thaw();
  EXPECT_TRUE(works_again());
}

// For each abandoned attempt to connect, the server must accept and close a client before it serves others.
TEST_F(RedisOutage, AFrozenServerIsProbedByOneConnectionThatIsKept) {
  ASSERT_TRUE(redis_.command({"PING"}, soon()));
  const auto accepted = [this] {
    const auto info = redis_.command({"INFO", "stats"}, soon())->text;
    const std::string name = "total_connections_received:";
    return std::stoi(info.substr(info.find(name) + name.size()));
  };
  const int before = accepted();
  server_.freeze();
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(redis_.command({"PING"}, Deadline::after(Milliseconds{120})));
  server_.thaw();
  // The connection that is being made serves the first caller.
  EXPECT_TRUE(redis_.command({"PING"}, Deadline::after(Milliseconds{5'000})));
  EXPECT_LE(accepted() - before, 2);
}

TEST_F(RedisOutage, CallersGoOnThroughRestartsByTrying) {
  constexpr int kWriters = 4;
  std::atomic<bool> ending{false};
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      while (!ending) {
        if (redis_.command({"INCR", "n"}, Deadline::after(Milliseconds{500}))) ++acknowledged;
      }
    });
  }
  for (int round = 0; round < 3; ++round) {
    const int before = acknowledged;
    EXPECT_TRUE(testing::eventually([&] { return acknowledged > before + 20; }));
    server_.restart();
  }
  const int before = acknowledged;
  EXPECT_TRUE(testing::eventually([&] { return acknowledged > before + 20; }));
  ending = true;
  for (auto& writer : writers) writer.join();
  // Every acknowledged increment was applied. An increment whose reply was lost may have been applied.
  EXPECT_GE(std::stoi(redis_.command({"GET", "n"}, soon())->text), acknowledged.load());
}

TEST(RedisAway, IsAnErrorNotAWait) {
  const testing::ReservedPort nobody;
  Redis redis(options_for("redis://127.0.0.1:" + std::to_string(nobody.number())));
  const auto deadline = Deadline::after(Milliseconds{60'000});
  for (int i = 0; i < 5; ++i) {
    const auto refused = redis.command({"PING"}, deadline);
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().refused);
  }
  EXPECT_FALSE(deadline.passed());
  EXPECT_EQ(to_problem(redis.command({"PING"}, deadline).error()).status(), 503);
  EXPECT_FALSE(redis.weakness(Deadline::after(Milliseconds{100})));
}

TEST(RedisAway, AUrlThatIsNoneIsSaidAtTheStart) {
  Redis redis(options_for("localhost:6379"));
  const auto refused = redis.command({"PING"}, Deadline::after(Milliseconds{50}));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("redis://"), std::string::npos) << refused.error().text;
}

// Accepts one connection and sends a reply of 1,000 bytes, one byte at a time, until the client closes.
class DrippingServer {
 public:
  DrippingServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_.number()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    thread_ = std::thread([this] { drip(); });
  }
  ~DrippingServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  DrippingServer(const DrippingServer&) = delete;
  DrippingServer& operator=(const DrippingServer&) = delete;

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_.number()); }

 private:
  void drip() const {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    const std::string reply = "$1000\r\n" + std::string(1'000, 'x');
    for (std::size_t i = 0; i < reply.size() && send(client, &reply[i], 1, MSG_NOSIGNAL) == 1; ++i) {
      std::this_thread::sleep_for(Milliseconds{5});
    }
    close(client);
  }

  testing::ReservedPort port_;
  int listener_;
  std::thread thread_;
};

TEST(RedisAway, ADrippingServerDoesNotHoldACallerBeyondItsDeadline) {
  const DrippingServer server;
  Redis redis(options_for(server.url(), 1));
  const auto refused = redis.command({"GET", "a"}, Deadline::after(Milliseconds{200}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "no answer in time");
}

}  // namespace
}  // namespace mm::storage
