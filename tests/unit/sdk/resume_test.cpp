// Tests that a client which reconnects names the last event that it has delivered, and delivers replayed events once.
#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

constexpr std::int64_t kFirst = 1'796'000'000'000'000;  // numbers have 16 digits

class SdkResume : public SdkClient {
 protected:
  void SetUp() override {
    auto& events = client.events();
    events.connected = [this](const Active&) { seen.push_back("connected"); };
    events.chat_message = [this](const ChatMessage& e) { seen.push_back("chat " + e.text); };
    events.match_found = [this](const MatchFound& e) { seen.push_back("found " + e.match_id); };
    events.match_completed = [this](const MatchCompleted& e) { seen.push_back("completed " + e.match_id); };
    events.rating_changed = [this](const RatingChanged& e) { seen.push_back("rated " + e.match_id); };
    log_in();
    connect();
  }
  void event(const std::string& name, int number, const std::string& data = "{}") {
    frame(R"({"event":")" + name + R"(","seq":)" + std::to_string(kFirst + number) + R"(,"data":)" + data + "}");
  }
  void chat(int number) { event("chat_message", number, R"({"text":")" + std::to_string(number) + "\"}"); }
  void lose_connection() {
    const auto before = network->opened.size();
    network->opened.back()->handlers.closed(1006, "reset");
    while (network->opened.size() == before) client.wait(std::chrono::milliseconds(1));
    network->opened.back()->handlers.opened();
    client.tick();
  }
  std::string target() const { return network->opened.back()->target; }
  static std::string resume(int number) { return "/v1/ws?resume=" + std::to_string(kFirst + number); }
  std::vector<std::string> take() { return std::exchange(seen, {}); }

  std::vector<std::string> seen;
};

using Seen = std::vector<std::string>;

TEST_F(SdkResume, AFirstConnectionNamesNoNumberAndTheNextNamesTheLast) {
  EXPECT_EQ(target(), "/v1/ws");
  event("welcome", 0);
  lose_connection();
  EXPECT_EQ(target(), resume(0)) << "the welcome includes everything up to its number";
  chat(1);
  chat(2);
  lose_connection();
  EXPECT_EQ(target(), resume(2));
  lose_connection();
  EXPECT_EQ(target(), resume(2)) << "also if the connection between them brought nothing";
}

TEST_F(SdkResume, AnEventWithoutANumberIsDeliveredAndDoesNotCount) {
  event("welcome", 5);
  frame(R"({"event":"chat_message","seq":0,"data":{"text":"lost"}})");
  EXPECT_EQ(take().size(), 2U);
  lose_connection();
  EXPECT_EQ(target(), resume(5));
}

TEST_F(SdkResume, ReplayedEventsComeBeforeTheStateAndOnce) {
  event("welcome", 0);
  chat(1);
  take();
  lose_connection();
  chat(1);
  chat(2);
  event("match_found", 3, R"({"match_id":"m1"})");
  event("welcome", 3, R"({"resumed":true})");
  chat(3);
  chat(4);
  EXPECT_EQ(take(), (Seen{"chat 2", "found m1", "connected", "chat 4"}));
}

TEST_F(SdkResume, TheEndOfAMatchIsDeliveredOnceFromTheReplayAndTheRecentMatches) {
  event("welcome", 0);
  take();
  lose_connection();
  event("match_found", 1, R"({"match_id":"m1"})");
  event("match_completed", 2, R"({"match_id":"m1","winning_team":0})");
  event("welcome", 2,
        R"({"resumed":true,"recent":[{"match_id":"m1","mode":"duel","status":"completed","mmr_before":1500,)"
        R"("mmr_after":1512,"mmr_change":12,"ended_at":"2026-01-01T00:00:00.000Z"}]})");
  event("rating_changed", 3, R"({"match_id":"m1","mode":"duel","mmr_change":12})");
  EXPECT_EQ(take(), (Seen{"found m1", "completed m1", "rated m1", "connected"}));
}

TEST_F(SdkResume, AWelcomeMayStartLowerNumbers) {
  event("welcome", 100);
  event("welcome", 5, R"({"resumed":false})");
  take();
  chat(6);
  EXPECT_EQ(take(), Seen{"chat 6"});
  lose_connection();
  EXPECT_EQ(target(), resume(6));
}

TEST_F(SdkResume, AnswersRepeatTheLastNumberAndAreNotTakenForEvents) {
  event("welcome", 0);
  event("pong", 3);
  event("ack", 3);
  take();
  chat(1);
  EXPECT_EQ(take(), Seen{"chat 1"});
}

TEST_F(SdkResume, TheNumberOfOnePlayerIsNotNamedForTheNext) {
  event("welcome", 7);
  client.logout(nullptr);
  answer(204, "");
  log_in();
  connect();
  EXPECT_EQ(target(), "/v1/ws");
}

}  // namespace
}  // namespace matchmaker::testing
