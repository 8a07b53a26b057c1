// Tests the ends of matches that a client missed: the client turns the recent matches of `welcome` and of the active
// state into the missed events, each once.
#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

constexpr int kLoggedIn = 1'760'000'000;  // 2025-10-09T08:53:20Z

std::string completed(const std::string& match, const std::string& ended_at, const std::string& more = "") {
  return R"({"match_id":")" + match +
         R"(","mode":"duel","region":"eu-west","status":"completed","team":0,"result":"win",)" +
         R"("winning_team":0,"duration_seconds":12.5,"ended_at":")" + ended_at + "\"" + more + "}";
}
std::string rated(const std::string& match, const std::string& ended_at) {
  return completed(match, ended_at, R"(,"mmr_before":1500,"mmr_after":1512.5,"mmr_change":12.5)");
}
std::string cancelled(const std::string& match, const std::string& ended_at) {
  return R"({"match_id":")" + match + R"(","status":"cancelled","reason":"voided","requeued":false,"ended_at":")" +
         ended_at + "\"}";
}
std::string recent(const std::string& matches) { return R"({"recent":[)" + matches + "]}"; }

const std::string kBefore = "2025-10-09T08:53:19.999Z";
const std::string kAfter = "2025-10-09T08:53:20.500Z";

class SdkEnds : public SdkClient {
 protected:
  void SetUp() override {
    auto& events = client.events();
    events.connected = [this](const Active& active) {
      seen.push_back("connected " + std::to_string(active.recent.size()));
    };
    events.match_completed = [this](const MatchCompleted& e) {
      seen.push_back("completed " + e.match_id + " " + std::to_string(e.winning_team));
    };
    events.rating_changed = [this](const RatingChanged& e) {
      seen.push_back("rated " + e.match_id + " " + e.mode + " " + std::to_string(static_cast<int>(e.mmr_change * 10)));
    };
    events.match_cancelled = [this](const MatchCancelled& e) {
      seen.push_back("cancelled " + e.match_id + " " + e.reason + (e.requeued ? " requeued" : ""));
    };
    client.login("alice", "secret-password", nullptr);
    answer(200, tokens(900, "r1", kLoggedIn));
    connect();
  }
  void welcome(const std::string& data = "{}") { frame(R"({"event":"welcome","seq":1,"data":)" + data + "}"); }
  void reconnect() {
    const auto before = network->opened.size();
    network->opened.back()->handlers.closed(1006, "reset");
    while (network->opened.size() == before) client.wait(std::chrono::milliseconds(1));
    network->opened.back()->handlers.opened();
    client.tick();
  }
  std::vector<std::string> take() { return std::exchange(seen, {}); }

  std::vector<std::string> seen;
};

using Seen = std::vector<std::string>;

TEST_F(SdkEnds, OfAMatchThatEndedDuringABreakAreDeliveredBeforeTheStateOnce) {
  welcome();
  frame(R"({"event":"match_found","data":{"match_id":"m1"}})");
  take();
  reconnect();
  welcome(recent(rated("m1", kAfter) + "," + cancelled("m2", kAfter)));
  EXPECT_EQ(take(), (Seen{"completed m1 0", "rated m1 duel 125", "cancelled m2 voided", "connected 2"}));
  reconnect();
  welcome(recent(rated("m1", kAfter) + "," + cancelled("m2", kAfter)));
  EXPECT_EQ(take(), Seen{"connected 2"});
}

TEST_F(SdkEnds, ARatingThatIsKnownLaterIsDeliveredThenByWhicheverComesFirst) {
  welcome(recent(completed("m1", kAfter) + "," + completed("m2", kAfter)));
  EXPECT_EQ(take(), (Seen{"completed m1 0", "completed m2 0", "connected 2"}));
  frame(R"({"event":"rating_changed","data":{"match_id":"m1","mode":"duel","mmr_change":12.5}})");
  EXPECT_EQ(take(), Seen{"rated m1 duel 125"});
  reconnect();
  welcome(recent(rated("m1", kAfter) + "," + rated("m2", kAfter)));
  EXPECT_EQ(take(), (Seen{"rated m2 duel 125", "connected 2"}));
}

TEST_F(SdkEnds, AnEventThatCameLiveIsNotDeliveredAgainAndNeitherIsALateOne) {
  welcome();
  take();
  frame(R"({"event":"match_completed","data":{"match_id":"m1","winning_team":0}})");
  EXPECT_EQ(take(), Seen{"completed m1 0"});
  welcome(recent(completed("m1", kAfter)));
  EXPECT_EQ(take(), Seen{"connected 1"}) << "a fresh welcome on the same connection, for example after resume";
  frame(R"({"event":"match_completed","data":{"match_id":"m1","winning_team":0}})");
  EXPECT_TRUE(take().empty());
}

TEST_F(SdkEnds, OfMatchesBeforeTheLoginAreStateAndNoEventsUnlessTheGameWasInThem) {
  welcome(recent(rated("old", kBefore)));
  EXPECT_EQ(take(), Seen{"connected 1"});
  frame(R"({"event":"session_ready","data":{"match_id":"m1"}})");
  reconnect();
  welcome(R"({"match":{"match_id":"m2","status":"running"},"recent":[)" + rated("old", kBefore) + "," +
          cancelled("m1", kBefore) + "]}");
  EXPECT_EQ(take(), (Seen{"cancelled m1 voided", "connected 2"}));
  reconnect();
  welcome(recent(completed("m2", kBefore)));
  EXPECT_EQ(take(), (Seen{"completed m2 0", "connected 1"})) << "the state named it";
}

TEST_F(SdkEnds, ComeWithTheActiveStateToAGameWithoutAConnection) {
  client.disconnect();
  std::optional<Active> got;
  const auto request_state = [&] {
    client.active([&](Result<Active> active) {
      got = *active;
      seen.push_back("answered");
    });
  };
  request_state();
  answer(200, recent(rated("m1", kAfter)));
  EXPECT_EQ(take(), (Seen{"completed m1 0", "rated m1 duel 125", "answered"}));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->recent.size(), 1u);
  EXPECT_EQ(got->recent[0].result, Outcome::win);
  EXPECT_TRUE(got->recent[0].rated);
  EXPECT_DOUBLE_EQ(got->recent[0].mmr_after, 1512.5);
  request_state();
  answer(200, recent(rated("m1", kAfter)));
  EXPECT_EQ(take(), Seen{"answered"});
}

TEST_F(SdkEnds, OfOnePlayerAreNotThoseOfTheNext) {
  welcome(recent(completed("m1", kAfter)));
  client.logout(nullptr);
  answer(204, "");
  client.login("bela", "secret-password", nullptr);
  answer(200, tokens(900, "r1", kLoggedIn));
  connect();
  take();
  welcome(recent(completed("m1", kAfter)));
  EXPECT_EQ(take(), (Seen{"completed m1 0", "connected 1"}));
}

}  // namespace
}  // namespace matchmaker::testing
