// Tests of requests that the gateway sends again: to another instance when one is frozen or dies, and later when no
// instance serves the subject.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/integration/gateway/frozen.h"

namespace mm::gateway::testing {
namespace {

using mm::testing::DaemonProcess;
using mm::testing::eventually;

class Retries : public ::testing::Test {
 protected:
  double retries(const std::string& reason) const {
    return gateway_.metric("mm_gateway_retries_total{reason=\"" + reason + "\"}");
  }

  World world_;
  // One thread, because each thread remembers for itself which instances have answered. Before the first answer a
  // repeated request goes to any instance, and that may be the frozen one each time.
  Instance gateway_{[](Settings& settings) { settings.threads = 1; }, world_};
  const Player player_ = fresh_player();
};

TEST_F(Retries, ARequestToAFrozenInstanceIsAnsweredByTheOther) {
  world_.fake<GetMatch>().answer(match_with(player_));
  const auto path = "/v1/session/" + match_with(player_).match_id.to_string();
  ASSERT_EQ(gateway_.get(path, player_.auth()).status, 200);
  const Frozen frozen(world_, GetMatch::kSubject);
  while (frozen.requests() < 3) {
    const auto answer = gateway_.get(path, player_.auth());
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  EXPECT_GE(retries("unanswered"), 3);
}

TEST_F(Retries, AnEntryToTheQueueIsRepeatedUnderTheSameTicket) {
  std::mutex mutex;
  std::set<TicketId> tickets;
  world_.fake<EnterQueue>().answer([&](const EnterQueue& request, const bus::Context&) -> Reply<Ticket> {
    const std::lock_guard lock(mutex);
    tickets.insert(request.ticket_id.value());
    auto ticket = ticket_in();
    ticket.ticket_id = *request.ticket_id;
    return ticket;
  });
  std::size_t entries = 0;
  const auto enter = [&] {
    ++entries;
    const auto answer = gateway_.send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", player_.auth());
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_TRUE(tickets.contains(*TicketId::parse(answer.at("ticket_id"))));
  };
  enter();
  const Frozen frozen(world_, EnterQueue::kSubject);
  while (frozen.requests() < 2 && !HasFailure()) enter();
  EXPECT_EQ(tickets.size(), entries);
}

TEST_F(Retries, ARequestThatMayNotBeRepeatedReachesOneInstance) {
  world_.fake<CreateParty>().answer(party_of({player_}));
  const Frozen frozen(world_, CreateParty::kSubject);
  int requests = 0;
  while (frozen.requests() < 2) {
    const auto answer = gateway_.send("POST", "/v1/party", "{}", player_.auth());
    ++requests;
    EXPECT_TRUE(answer.status == 201 || answer.status == 503) << answer.body;
  }
  EXPECT_EQ(world_.fake<CreateParty>().requests() + frozen.requests(), requests);
  EXPECT_EQ(retries("unanswered"), 0);
}

TEST_F(Retries, ARequestThatNoInstanceServesWaitsForTheRestart) {
  world_.fake<CreateParty>().answer(party_of({player_}));
  world_.stop_serving();
  std::optional<Answer> answer;
  std::thread asking([&] { answer = gateway_.send("POST", "/v1/party", "{}", player_.auth()); });
  EXPECT_TRUE(eventually([&] { return retries("unserved") >= 1; }));
  world_.serve();
  asking.join();
  EXPECT_EQ(answer->status, 201) << answer->body;
  EXPECT_EQ(world_.fake<CreateParty>().requests(), 1);
}

TEST_F(Retries, WithoutAnInstanceTheRequestIsRefusedWithinItsDeadline) {
  world_.stop_serving();
  const auto began = std::chrono::steady_clock::now();
  expect_problem(gateway_.get("/v1/profile/me", player_.auth()), 503, "unavailable");
  EXPECT_LT(std::chrono::steady_clock::now() - began, limits::kRequestTimeout);
}

/// Two leaderboards in processes of their own, and clients that read the leaderboard without a pause.
class TwoInstances : public Retries {
 protected:
  TwoInstances() {
    world_.stop_serving();
    for (int i = 0; i < 3; ++i) clients_.emplace_back([this] { read(); });
  }
  ~TwoInstances() override {
    done_ = true;
    for (auto& client : clients_) client.join();
  }

  DaemonProcess start(int number) const {
    return {"leaderboard",
            {"MM_NATS_URL=" + world_.nats.url(), "MM_POSTGRES_URL=" + postgres_.url_as("leaderboard"),
             "MM_INSTANCE=leaderboard-" + std::to_string(number)}};
  }
  void read() {
    while (!done_) {
      const auto answer = gateway_.get("/v1/leaderboard");
      if (answer.status == 200) ++answered_;
      else if (begun_) ++failed_;
    }
  }
  bool answers_more(int count) {
    const int before = answered_;
    return eventually([&] { return answered_ >= before + count; }, Milliseconds{30'000});
  }

  const mm::testing::OwnPostgres postgres_;
  std::atomic<bool> begun_ = false, done_ = false;
  std::atomic<int> answered_ = 0, failed_ = 0;
  std::vector<std::thread> clients_;
};

TEST_F(TwoInstances, NoRequestFailsWhenOneIsFrozenThawedStoppedOrKilled) {
  auto first = start(1);
  ASSERT_TRUE(answers_more(100));
  auto second = start(2);
  ASSERT_TRUE(answers_more(300));
  begun_ = true;

  first.freeze();
  EXPECT_TRUE(eventually([&] { return retries("unanswered") >= 3; }, Milliseconds{30'000}));
  EXPECT_TRUE(answers_more(20));
  first.thaw();
  EXPECT_TRUE(answers_more(300));
  EXPECT_EQ(second.end(SIGTERM), 0);
  EXPECT_TRUE(answers_more(300));
  auto third = start(2);
  EXPECT_TRUE(answers_more(300));
  first.kill();
  EXPECT_TRUE(answers_more(300));
  EXPECT_EQ(failed_, 0);
}

}  // namespace
}  // namespace mm::gateway::testing
