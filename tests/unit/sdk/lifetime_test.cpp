// Tests that a game can destroy a Client or a GameConnection in each of their callbacks. AddressSanitizer (make
// test-asan) reports a member that is used afterwards.
#include <functional>
#include <thread>

#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

HttpAnswer answer_with(int status, const std::string& body) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = body;
  return answer;
}

// A client, and a function that destroys it.
struct Stage {
  Stage() { restart(); }

  void restart() {
    ClientOptions options;
    options.reconnect_least = options.reconnect_most = std::chrono::milliseconds(1);
    options.store_refresh_token = [this](const std::string& token) {
      if (on_token && !token.empty() == token_present) on_token();
    };
    options.log = [this](LogLevel, const std::string&) {
      if (on_log) on_log();
    };
    client = std::make_unique<Client>(options, std::make_unique<FakeTransport>(network));
  }
  void tick() {
    if (client) client->tick();
  }
  void answer(int status, const std::string& body) {
    ASSERT_FALSE(network->requests.empty());
    auto sent = std::move(network->requests.front());
    network->requests.pop_front();
    sent.answer(answer_with(status, body));
    tick();
  }
  void log_in(int lifetime = 900) {
    client->login("alice", "password", nullptr);
    answer(200, tokens(lifetime, "r1"));
  }
  void connect() {
    log_in();
    client->connect();
    client->tick();
    network->opened.back()->handlers.opened();
    client->tick();
  }
  void frame(const std::string& event, const std::string& data = "{}") {
    network->opened.back()->handlers.received(R"({"event":")" + event + R"(","data":)" + data + "}");
    // A second frame waits behind the first.
    network->opened.back()->handlers.received(R"({"event":"chat_message","data":{}})");
    tick();
  }
  std::function<void()> destroys() {
    return [this] {
      ++calls;
      client.reset();
    };
  }

  std::shared_ptr<Network> network = std::make_shared<Network>();
  std::unique_ptr<Client> client;
  std::function<void()> on_token;
  bool token_present = true;
  std::function<void()> on_log;
  int calls = 0;
};

struct Place {
  const char* name;
  void (*act)(Stage&);
};

template <class E>
void destroy_on(Stage& s, std::function<void(const E&)> Events::*handler, const char* event, const char* data = "{}") {
  s.connect();
  s.client->events().*handler = [destroy = s.destroys()](const E&) { destroy(); };
  s.frame(event, data);
}

const char* const kRecent = R"({"recent":[{"match_id":"m1","status":"completed","ended_at":"2099-01-01T00:00:00.000Z",
  "mmr_after":1},{"match_id":"m2","status":"cancelled","ended_at":"2099-01-01T00:00:00.000Z"}]})";

const Place kPlaces[] = {
    {"login",
     [](Stage& s) {
       s.client->login("a", "b", [destroy = s.destroys()](const Result<Done>&) { destroy(); });
       s.answer(200, tokens(900, "r1"));
     }},
    {"refused_login",
     [](Stage& s) {
       s.client->login("a", "b", [destroy = s.destroys()](const Result<Done>&) { destroy(); });
       s.answer(401, "{}");
     }},
    {"call",
     [](Stage& s) {
       s.log_in();
       s.client->my_profile([destroy = s.destroys()](const Result<Profile>&) { destroy(); });
       s.client->my_profile([&s](const Result<Profile>&) { ++s.calls; });
       auto first = s.network->requests[0].answer, second = s.network->requests[1].answer;
       first(answer_with(200, "{}"));
       second(answer_with(200, "{}"));
       s.tick();
     }},
    {"call_that_is_refused_at_once",
     [](Stage& s) {
       s.client->my_profile([destroy = s.destroys()](const Result<Profile>&) { destroy(); });
       s.tick();
     }},
    {"preferences_that_are_no_json",
     [](Stage& s) {
       s.log_in();
       s.client->set_preferences("{", [destroy = s.destroys()](const Result<Profile>&) { destroy(); });
       s.tick();
     }},
    {"active",
     [](Stage& s) {
       s.log_in();
       s.client->active([destroy = s.destroys()](const Result<Active>&) { destroy(); });
       s.answer(200, kRecent);
     }},
    {"logout",
     [](Stage& s) {
       s.log_in();
       s.client->logout([destroy = s.destroys()](const Result<Done>&) { destroy(); });
       s.answer(204, "");
     }},
    {"call_after_a_renewal",
     [](Stage& s) {
       s.log_in(1);
       s.client->my_profile([destroy = s.destroys()](const Result<Profile>&) { destroy(); });
       s.client->my_profile([&s](const Result<Profile>&) { ++s.calls; });
       s.answer(200, tokens(900, "r2"));
       auto first = s.network->requests[0].answer, second = s.network->requests[1].answer;
       first(answer_with(200, "{}"));
       second(answer_with(200, "{}"));
       s.tick();
     }},
    {"calls_that_wait_for_a_renewal_that_fails",
     [](Stage& s) {
       s.log_in();
       s.client->my_profile([destroy = s.destroys()](const Result<Profile>&) { destroy(); });
       s.client->my_profile([&s](const Result<Profile>&) { ++s.calls; });
       s.answer(401, "{}");
       s.answer(401, "{}");
       s.answer(503, "{}");
     }},
    {"login_ended",
     [](Stage& s) {
       s.connect();
       s.client->events().login_ended = s.destroys();
       s.client->events().disconnected = [&s](const std::string&) { ++s.calls; };
       s.client->my_profile([&s](const Result<Profile>&) { ++s.calls; });
       s.answer(401, "{}");
       s.answer(401, "{}");
     }},
    {"store_refresh_token_at_login",
     [](Stage& s) {
       s.on_token = s.destroys();
       s.client->login("a", "b", [&s](const Result<Done>&) { ++s.calls; });
       s.answer(200, tokens(900, "r1"));
     }},
    {"store_refresh_token_at_a_renewal",
     [](Stage& s) {
       s.log_in(1);
       s.on_token = s.destroys();
       s.client->my_profile([&s](const Result<Profile>&) { ++s.calls; });
       s.answer(200, tokens(900, "r2"));
     }},
    {"store_refresh_token_at_the_end",
     [](Stage& s) {
       s.log_in();
       s.on_token = s.destroys();
       s.token_present = false;
       s.client->logout([&s](const Result<Done>&) { ++s.calls; });
       s.answer(204, "");
     }},
    {"log_of_a_call",
     [](Stage& s) {
       s.on_log = s.destroys();
       s.client->login("a", "b", [&s](const Result<Done>&) { ++s.calls; });
       s.answer(200, tokens(900, "r1"));
     }},
    {"log_of_a_connection",
     [](Stage& s) {
       s.connect();
       s.client->events().disconnected = [&s](const std::string&) { ++s.calls; };
       s.on_log = s.destroys();
       s.network->opened.back()->handlers.closed(1006, "reset");
       s.tick();
     }},
    {"connected", [](Stage& s) { destroy_on(s, &Events::connected, "welcome"); }},
    {"match_completed_of_a_welcome",
     [](Stage& s) {
       s.connect();
       s.client->events().match_completed = [destroy = s.destroys()](const MatchCompleted&) { destroy(); };
       s.client->events().rating_changed = [&s](const RatingChanged&) { ++s.calls; };
       s.client->events().match_cancelled = [&s](const MatchCancelled&) { ++s.calls; };
       s.client->events().connected = [&s](const Active&) { ++s.calls; };
       s.frame("welcome", kRecent);
     }},
    {"disconnected",
     [](Stage& s) {
       s.connect();
       s.client->events().disconnected = [destroy = s.destroys()](const std::string&) { destroy(); };
       s.network->opened.back()->handlers.closed(1006, "reset");
       s.tick();
     }},
    {"member_joined", [](Stage& s) { destroy_on(s, &Events::member_joined, "member_joined"); }},
    {"member_left", [](Stage& s) { destroy_on(s, &Events::member_left, "member_left"); }},
    {"member_ready", [](Stage& s) { destroy_on(s, &Events::member_ready, "member_ready"); }},
    {"party_updated", [](Stage& s) { destroy_on(s, &Events::party_updated, "party_updated"); }},
    {"party_disbanded", [](Stage& s) { destroy_on(s, &Events::party_disbanded, "party_disbanded"); }},
    {"invited", [](Stage& s) { destroy_on(s, &Events::invited, "invited"); }},
    {"invite_ended", [](Stage& s) { destroy_on(s, &Events::invite_ended, "invite_ended"); }},
    {"chat_message", [](Stage& s) { destroy_on(s, &Events::chat_message, "chat_message"); }},
    {"queue_entered", [](Stage& s) { destroy_on(s, &Events::queue_entered, "queue_entered"); }},
    {"queue_left", [](Stage& s) { destroy_on(s, &Events::queue_left, "queue_left"); }},
    {"match_found", [](Stage& s) { destroy_on(s, &Events::match_found, "match_found"); }},
    {"session_ready", [](Stage& s) { destroy_on(s, &Events::session_ready, "session_ready"); }},
    {"match_cancelled",
     [](Stage& s) { destroy_on(s, &Events::match_cancelled, "match_cancelled", R"({"match_id":"m"})"); }},
    {"match_completed",
     [](Stage& s) { destroy_on(s, &Events::match_completed, "match_completed", R"({"match_id":"m"})"); }},
    {"rating_changed",
     [](Stage& s) { destroy_on(s, &Events::rating_changed, "rating_changed", R"({"match_id":"m"})"); }},
};

class SdkLifetime : public ::testing::TestWithParam<Place> {};

TEST_P(SdkLifetime, EndsInThisCallback) {
  Stage stage;
  GetParam().act(stage);
  EXPECT_EQ(stage.calls, 1) << "nothing of the game's runs after the client is gone";
  EXPECT_FALSE(stage.client);
}

// A new client is made after a callback destroyed the old one.
TEST_P(SdkLifetime, BeginsAnewInThisCallback) {
  Stage stage;
  GetParam().act(stage);
  stage.restart();
  stage.on_log = nullptr;
  stage.on_token = nullptr;
  stage.network->requests.clear();
  stage.log_in();
  EXPECT_TRUE(stage.client->logged_in());
}

INSTANTIATE_TEST_SUITE_P(Places, SdkLifetime, ::testing::ValuesIn(kPlaces),
                         [](const auto& place) { return std::string(place.param.name); });

TEST(SdkLifetimes, OneClientDestroysAnotherThatTicksAroundIt) {
  Stage outer, inner;
  outer.client->login("a", "b", [&](const Result<Done>&) {
    inner.client->tick();  // destroys the outer one
    ++outer.calls;
  });
  inner.client->login("a", "b", [&](const Result<Done>&) {
    outer.client.reset();
    inner.client.reset();
  });
  inner.network->requests.front().answer(answer_with(200, tokens(900, "r1")));
  outer.answer(200, tokens(900, "r1"));
  EXPECT_EQ(outer.calls, 1);
  EXPECT_FALSE(outer.client || inner.client);
}

TEST(SdkLifetimes, AHandlerThatReplacesItselfGoesOn) {
  Stage stage;
  stage.connect();
  std::string seen;
  stage.client->events().connected = [&stage, &seen, mine = std::string(100, 'x')](const Active&) {
    stage.client->events() = {};
    seen = mine;
  };
  stage.frame("welcome");
  EXPECT_EQ(seen, std::string(100, 'x'));
}

// Objects that a callback owns are destroyed on the thread of the game, also if the answer arrives after the client
// ended.
TEST(SdkLifetimes, WhatACallbackHoldsIsDestroyedWithTheClient) {
  Stage stage;
  auto held = std::make_shared<int>(1);
  std::weak_ptr<int> weak = held;
  stage.client->login("a", "b", [held](const Result<Done>&) {});
  held.reset();
  auto late = stage.network->requests.front().answer;
  stage.client.reset();
  EXPECT_TRUE(weak.expired());
  std::thread([&] { late(answer_with(200, tokens(900, "r1"))); }).join();
}

TEST(SdkLifetimes, AnEmptyCallbackIsNoCallback) {
  Stage stage;
  stage.log_in();
  stage.client->my_profile(nullptr);
  stage.client->active({});
  stage.client->set_preferences("no json", nullptr);
  stage.answer(200, "{}");
  stage.answer(200, "{}");
  stage.client->logout(nullptr);
  stage.answer(204, "");
  EXPECT_FALSE(stage.client->logged_in());
}

struct GameStage {
  explicit GameStage(GameConnection::Handlers handlers)
      : connection(std::make_unique<GameConnection>("ws://h:1/match/m", "token", std::move(handlers),
                                                    std::make_unique<FakeTransport>(network))) {
    network->opened.back()->handlers.opened();
    network->opened.back()->handlers.received(R"({"event":"joined"})");
    network->opened.back()->handlers.received(R"({"event":"message","from":"p","data":[1]})");
    network->opened.back()->handlers.closed(1000, "over");
  }
  std::shared_ptr<Network> network = std::make_shared<Network>();
  std::unique_ptr<GameConnection> connection;
};

TEST(SdkLifetimes, AGameConnectionEndsInAnyOfItsHandlers) {
  for (int place = 0; place < 3; ++place) {
    int calls = 0;
    std::unique_ptr<GameStage> stage;
    const std::function<void(int)> at = [&](int here) {
      ++calls;
      if (here == place) stage->connection.reset();
    };
    GameConnection::Handlers handlers;
    handlers.joined = [=] { at(0); };
    handlers.message = [=](const std::string&, const std::string&) { at(1); };
    handlers.closed = [=](int, const std::string&) { at(2); };
    stage = std::make_unique<GameStage>(std::move(handlers));
    stage->connection->tick();
    EXPECT_EQ(calls, place + 1);
    EXPECT_FALSE(stage->connection);
  }
}

TEST(SdkLifetimes, AClosedGameConnectionCallsNothingMore) {
  int calls = 0;
  GameConnection::Handlers handlers;
  handlers.joined = [&] { ++calls; };
  GameStage stage(std::move(handlers));
  stage.connection->close();
  EXPECT_EQ(stage.connection->tick(), 0);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(stage.connection->send("1"));
}

TEST(SdkLifetimes, AGameConnectionThatItsServerClosedRefusesToSend) {
  GameStage stage({});
  EXPECT_TRUE(stage.connection->send("1"));
  stage.connection->tick();
  EXPECT_FALSE(stage.connection->send("1"));
  EXPECT_FALSE(stage.network->opened.back()->alive);
}

}  // namespace
}  // namespace matchmaker::testing
