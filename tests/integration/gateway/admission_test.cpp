// Tests of what the gateway refuses when it has too much to do: new work while memory is short, reads before changes
// before results and cancels, and requests to a daemon that does not answer.
#include <gmock/gmock.h>

#include <thread>

#include "common/storage/redis.h"
#include "services/gateway/handlers/routes.h"
#include "tests/integration/gateway/frozen.h"

namespace mm::gateway::testing {
namespace {

using mm::testing::eventually;
using ::testing::HasSubstr;

void expect_short_of_memory(const Answer& answer) {
  expect_problem(answer, 503, "unavailable");
  EXPECT_THAT(answer.at("detail"), HasSubstr("memory is short"));
  EXPECT_EQ(answer.header("retry-after"), "5");
}

class ShortOfMemory : public ::testing::Test {
 protected:
  void fill() {
    for (int i = 0; i < 12; ++i) {
      ASSERT_TRUE(redis_.command({"SET", filler(i), std::string(1'000'000, 'x')}, soon()));
    }
    ASSERT_TRUE(eventually([&] { return gateway_.metric("mm_store_refuses_new_work{store=\"redis_queue\"}") == 1; }));
  }
  void empty() {
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(redis_.command({"DEL", filler(i)}, soon()));
  }
  static std::string filler(int i) { return "mm:{default}:ticket:" + std::to_string(i); }
  static std::string login() { return R"({"username":"ada","password":"correct horse battery"})"; }

  World world_{{"--maxmemory", "16mb"}};
  Instance gateway_{{}, world_};
  storage::Redis redis_{mm::testing::redis_options(world_.queue)};
  const Player player_ = fresh_player();
};

TEST_F(ShortOfMemory, NewWorkIsRefusedAndWhatHasBegunIsFinished) {
  world_.fake<LoginPlayer>().answer(logged_in());
  world_.fake<EnterQueue>().answer(ticket_in());
  world_.fake<CreateParty>().answer(party_of({player_}));
  world_.fake<LeaveQueue>().answer(CancelledTicket{});
  world_.fake<LeaveParty>().answer(Empty{});
  world_.fake<GetTicket>().answer(ticket_in());
  world_.fake<SetReady>().answer(ReadyState{});
  const auto before = gateway_.send("POST", "/v1/auth/login", login());
  ASSERT_EQ(before.status, 200) << before.body;
  fill();

  const auto party = "/v1/party/" + PartyId::fresh(beginning()).to_string();
  const auto ticket = "/v1/matchmaking/queue/" + TicketId::fresh(beginning()).to_string();
  const auto refresh = R"({"refresh_token":")" + before.at("refresh_token") + R"("})";
  expect_short_of_memory(gateway_.send("POST", "/v1/auth/login", login()));
  expect_short_of_memory(
      gateway_.send("POST", "/v1/auth/register",
                    R"({"username":"eve","email":"eve@example.org","password":"correct horse battery"})"));
  expect_short_of_memory(gateway_.send("POST", "/v1/party", "{}", player_.auth()));
  expect_short_of_memory(gateway_.send("POST", party + "/join", "", player_.auth()));
  expect_short_of_memory(gateway_.send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", player_.auth()));
  EXPECT_GE(gateway_.metric("mm_new_work_refused_total{store=\"redis_queue\"}"), 5);
  EXPECT_GE(gateway_.metric("mm_store_memory_share{store=\"redis_queue\"}"), storage::MemoryGate::kRefuseFrom);

  EXPECT_EQ(gateway_.send("POST", party + "/ready", "", player_.auth()).status, 200);
  EXPECT_EQ(gateway_.send("DELETE", ticket, "", player_.auth()).status, 204);
  EXPECT_EQ(gateway_.send("DELETE", party + "/leave", "", player_.auth()).status, 204);
  EXPECT_EQ(gateway_.get(ticket, player_.auth()).status, 200);
  const auto refreshed = gateway_.send("POST", "/v1/auth/refresh", refresh);
  EXPECT_EQ(refreshed.status, 200) << refreshed.body;
  EXPECT_EQ(gateway_.get("/readyz").status, 200) << "there is memory for what has begun";

  empty();
  EXPECT_TRUE(eventually([&] { return gateway_.send("POST", "/v1/party", "{}", player_.auth()).status == 201; }));
}

/// One key that takes more than the memory that is left. Redis checks its memory before a command, not after it.
void fill_up(storage::Redis& redis) {
  ASSERT_TRUE(redis.command({"SETRANGE", "mm:{default}:ticket:filler", "20000000", "x"}, soon()));
}

TEST(FullMemory, MakesTheGatewayUnreadyWithTheReason) {
  World world({"--maxmemory", "16mb"});
  Instance gateway({}, world);
  storage::Redis redis(mm::testing::redis_options(world.queue));
  fill_up(redis);
  EXPECT_TRUE(eventually([&] { return !gateway.ready(); }));
  const auto failures = gateway.health().failures();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures.front().name, "redis_queue");
  EXPECT_EQ(failures.front().reason, "its memory is full");
  ASSERT_TRUE(redis.command({"DEL", "mm:{default}:ticket:filler"}, soon()));
  EXPECT_TRUE(eventually([&] { return gateway.ready(); }));
}

/// A gateway with one io thread, and clients that send a request again and again.
class Crowd : public ::testing::Test {
 protected:
  Crowd() { world_.stop_serving(); }
  ~Crowd() override {
    done_ = true;
    for (auto& client : clients_) client.join();
  }

  void add_clients(int count, const std::string& method, const std::string& path) {
    for (int i = 0; i < count; ++i) {
      clients_.emplace_back([this, method, path] {
        while (!done_) (void)gateway_.send(method, path, body_of(method), player_.auth());
      });
    }
  }
  static std::string body_of(const std::string& method) { return method == "GET" ? "" : "{}"; }
  std::string party_path(const std::string& what) const { return "/v1/party/" + party_.to_string() + "/" + what; }
  bool is_refused_at_once(const std::string& method, const std::string& path) const {
    const auto began = std::chrono::steady_clock::now();
    const auto answer = gateway_.send(method, path, body_of(method), player_.auth());
    return answer.status == 503 && std::chrono::steady_clock::now() - began < limits::kRequestTimeout / 4;
  }
  bool is_answered(const std::string& method, const std::string& path) const {
    return gateway_.send(method, path, body_of(method), player_.auth()).status < 300;
  }
  double opened(const std::string& daemon) const {
    return gateway_.metric("mm_breaker_opened_total{dependency=\"" + daemon + "\"}");
  }
  double open(const std::string& daemon) const {
    return gateway_.metric("mm_breaker_open{dependency=\"" + daemon + "\"}");
  }

  World world_;
  Instance gateway_{[](Settings& settings) {
                      settings.max_in_flight = 30;
                      settings.threads = 1;
                    },
                    world_};
  const Player player_ = fresh_player();
  const PartyId party_ = PartyId::fresh(beginning());
  std::atomic<bool> done_ = false;
  std::vector<std::thread> clients_;
};

TEST_F(Crowd, ReadsAreRefusedBeforeChangesBeforeLeaves) {
  const Frozen histories(world_, GetHistory::kSubject);
  const Frozen promotions(world_, PromotePlayer::kSubject);
  bus::Server lobby(*world_.bus, {.name = "lobby"}, world_.metrics);
  lobby.serve<LeaveParty>([](const LeaveParty&, const bus::Context&) -> Reply<Empty> { return Empty{}; });
  lobby.serve<CreateParty>(
      [this](const CreateParty&, const bus::Context&) -> Reply<Party> { return party_of({player_}); });
  lobby.start();
  ASSERT_TRUE(is_answered("POST", "/v1/party"));

  add_clients(18, "GET", "/v1/matches/history");  // 60 % of 30
  EXPECT_TRUE(eventually([&] { return is_refused_at_once("GET", "/v1/profile/me"); }));
  EXPECT_TRUE(is_answered("POST", "/v1/party"));
  EXPECT_TRUE(is_answered("DELETE", party_path("leave")));
  EXPECT_GE(gateway_.metric("mm_gateway_crowded_out_total{work=\"read\"}"), 1);
  EXPECT_EQ(gateway_.metric("mm_gateway_crowded_out_total{work=\"change\"}"), 0);

  const auto promote = R"({"player_id":")" + player_.id.to_string() + R"("})";
  for (int i = 0; i < 8; ++i) {  // 85 % of 30 are 26
    clients_.emplace_back([this, promote] {
      while (!done_) (void)gateway_.send("POST", party_path("promote"), promote, player_.auth());
    });
  }
  EXPECT_TRUE(eventually([&] { return is_refused_at_once("POST", "/v1/party"); }));
  EXPECT_TRUE(is_answered("DELETE", party_path("leave")));
  EXPECT_GE(gateway_.metric("mm_gateway_crowded_out_total{work=\"change\"}"), 1);
  EXPECT_EQ(gateway_.metric("mm_gateway_crowded_out_total{work=\"finish\"}"), 0);
}

TEST_F(Crowd, ADaemonThatDoesNotAnswerIsAskedOnlyByTrialsUntilItAnswers) {
  world_.fake<GetProfile>().answer(profile_of(player_));
  world_.fake<GetHistory>().answer(HistoryPage{});
  {
    const Frozen frozen(world_, GetHistory::kSubject);
    add_clients(16, "GET", "/v1/matches/history");
    ASSERT_TRUE(eventually([&] { return open("leaderboard") == 1; }, Milliseconds{30'000}));
    EXPECT_TRUE(eventually([&] { return is_refused_at_once("GET", "/v1/matches/history"); }));
    const auto before = frozen.requests();
    EXPECT_TRUE(eventually([&] { return frozen.requests() > before; })) << "trials go on";
  }
  const auto began = std::chrono::steady_clock::now();
  world_.serve();
  EXPECT_TRUE(eventually([&] { return is_answered("GET", "/v1/matches/history"); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, Milliseconds{1'500}) << "a trial comes every 250 ms";
  EXPECT_EQ(open("leaderboard"), 0);
  EXPECT_EQ(opened("leaderboard"), 1);
  EXPECT_EQ(opened("profile"), 0);
}

TEST_F(Crowd, OneFrozenInstanceOfTwoDoesNotOpenTheBreaker) {
  world_.fake<SendChat>().answer(Empty{});
  const Frozen frozen(world_, SendChat::kSubject);
  world_.serve();
  for (int i = 0; i < 16; ++i) {
    clients_.emplace_back([this] {
      while (!done_) (void)gateway_.send("POST", party_path("chat"), R"({"text":"hello"})", player_.auth());
    });
  }
  ASSERT_TRUE(eventually([&] { return frozen.requests() >= 3 * CircuitBreaker::kFailuresMost; }, Milliseconds{30'000}));
  EXPECT_EQ(opened("lobby"), 0);
}

/// The requests of one io thread, without HTTP.
TEST(WaitingForOneDaemon, IsLimitedAndLeavesComeLast) {
  World world;
  world.stop_serving();
  const Frozen parties(world, GetParty::kSubject);
  const Frozen leaves(world, LeaveParty::kSubject);
  metrics::Registry registry;
  Metrics metrics(registry, routes());
  std::optional<bus::AsyncRequests> requests(std::in_place, *world.bus, registry);
  Loop loop;
  DaemonRequests daemon_requests(loop, requests, metrics);
  std::atomic<int> refused = 0;
  const auto send = [&](Subject subject) {
    daemon_requests.send({subject.text, "{}", {}, {}, Deadline::after(Milliseconds{20'000})},
                         [&](const Reply<std::string>& reply) { refused += reply ? 0 : 1; });
  };
  loop.post([&] {
    const auto room = room_for(Work::read, DaemonRequests::kMaxWaitingPerDaemon);
    for (std::size_t i = 0; i < room; ++i) send(GetParty::kSubject);
    send(GetParty::kSubject);
    send(LeaveParty::kSubject);
  });
  loop.start();
  EXPECT_TRUE(eventually([&] { return refused == 1 && leaves.requests() == 1; }));
  loop.stop();
  requests.reset();
  daemon_requests.drop_all();
  loop.drop_all();
}

}  // namespace
}  // namespace mm::gateway::testing
