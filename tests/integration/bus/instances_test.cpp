// Tests of the address of an instance: answers carry it, and requests to it reach this instance only.
#include <gtest/gtest.h>

#include "common/bus/async_requests.h"
#include "common/bus/server.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using Outcome = AsyncRequests::Outcome;

class Instances : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = std::make_unique<testing::OwnNats>(); }
  static void TearDownTestSuite() { nats_.reset(); }

  /// An instance that answers with its name.
  std::unique_ptr<Server> start(const std::string& name) {
    auto server = std::make_unique<Server>(*bus_, ServerOptions{.name = "echo"}, metrics_);
    server->serve<Echo>([name](const Echo&, const Context&) -> Reply<Echoed> { return Echoed{name}; });
    server->serve_batch<BatchEcho>(8, [name](std::vector<Incoming<BatchEcho>>& batch) {
      for (auto& one : batch) one.answer(refuse(Code::not_found, name));
    });
    server->start();
    return server;
  }

  Outcome send(const std::string& subject) {
    std::mutex mutex;
    std::optional<Outcome> outcome;
    requests_.attempt(subject, R"({"text":"x"})", {}, {}, soon(), [&](Outcome arrived) {
      const std::lock_guard lock(mutex);
      outcome = std::move(arrived);
    });
    EXPECT_TRUE(testing::eventually([&] {
      const std::lock_guard lock(mutex);
      return outcome.has_value();
    }));
    const std::lock_guard lock(mutex);
    return *outcome;
  }

  static inline std::unique_ptr<testing::OwnNats> nats_;
  metrics::Registry metrics_, client_metrics_;
  std::unique_ptr<Bus> bus_ = connect(*nats_, metrics_);
  std::unique_ptr<Bus> client_ = connect(*nats_, client_metrics_);
  AsyncRequests requests_{*client_, client_metrics_};
};

TEST_F(Instances, ARequestToAnAddressReachesThisInstanceOnly) {
  const auto one = start("one"), two = start("two");
  std::map<std::string, std::string> addresses;  // by the name in the answer
  ASSERT_TRUE(testing::eventually([&] {
    const auto outcome = send("test.echo");
    addresses[*outcome.reply] = outcome.instance;
    return addresses.size() == 2;
  }));
  for (const auto& [name, address] : addresses) {
    for (int i = 0; i < 5; ++i) {
      const auto outcome = send(addressed(Echo::kSubject, address));
      EXPECT_EQ(*outcome.reply, name);
      EXPECT_EQ(outcome.instance, address);
    }
  }
}

TEST_F(Instances, ARefusalCarriesTheAddressOfTheInstance) {
  const auto one = start("one");
  const auto outcome = send("test.batch_echo");
  EXPECT_EQ(outcome.reply.error().code, Code::not_found);
  ASSERT_FALSE(outcome.instance.empty());
  EXPECT_EQ(send(addressed(BatchEcho::kSubject, outcome.instance)).reply.error().detail, "one");
}

TEST_F(Instances, ARequestThatReachedNoInstanceIsTold) {
  auto one = start("one");
  const auto address = send("test.echo").instance;
  EXPECT_FALSE(send("test.echo").unserved);
  one.reset();
  for (const auto& subject : {std::string("test.echo"), addressed(Echo::kSubject, address)}) {
    const auto outcome = send(subject);
    EXPECT_TRUE(outcome.unserved);
    EXPECT_EQ(outcome.reply.error().code, Code::unavailable);
    EXPECT_EQ(outcome.instance, "");
  }
}

}  // namespace
}  // namespace mm::bus
