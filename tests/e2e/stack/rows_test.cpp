// Tests the HTTP API as documented: answers, refusals and headers.
#include <gtest/gtest.h>

#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/expect.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

constexpr const char* kNobody = "01890000-0000-7000-8000-000000000000";

std::string login_body(const Player& player, const std::string& password) {
  return R"({"username":")" + player.name() + R"(","password":")" + password + R"("})";
}

TEST(AuthRows, RegisterAnswersTheAccount) {
  const auto answer = http("POST", gateway("/v1/auth/register"),
                           R"({"username":"Row_Reg-1","email":"Row.Reg@Example.com","password":"12345678"})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.at("username"), "Row_Reg-1");
  EXPECT_EQ(answer.at("region"), "eu-west");
  EXPECT_EQ(answer.at("mmr"), "1500");
  EXPECT_EQ(answer.at("player_id")[14], '7');
  EXPECT_EQ(answer.at("created_at").back(), 'Z');
  EXPECT_EQ(answer.at("password"), "");
  expect_problem(http("POST", gateway("/v1/auth/register"),
                      R"({"username":"row_reg-1","email":"other@example.com","password":"12345678"})"),
                 409, "username_taken");
  expect_problem(http("POST", gateway("/v1/auth/register"),
                      R"({"username":"row_reg-2","email":"row.reg@example.com","password":"12345678"})"),
                 409, "email_taken");
  // In another tenant the same name and address are free.
  EXPECT_EQ(http("POST", gateway("/v1/auth/register"),
                 R"({"username":"row_reg-1","email":"row.reg@example.com","password":"12345678","tenant":"other"})")
                .status,
            201);
}

struct Wrong {
  const char* body;
  const char* pointer;
};
class RegisterRefuses : public ::testing::TestWithParam<Wrong> {};
TEST_P(RegisterRefuses, AndNamesTheField) {
  expect_problem(http("POST", gateway("/v1/auth/register"), GetParam().body), 422, "invalid_fields",
                 GetParam().pointer);
}
INSTANTIATE_TEST_SUITE_P(
    Fields, RegisterRefuses,
    ::testing::Values(
        Wrong{R"({"email":"a@b.cd","password":"12345678"})", "/username"},
        Wrong{R"({"username":"ab","email":"a@b.cd","password":"12345678"})", "/username"},
        Wrong{R"({"username":"a b c","email":"a@b.cd","password":"12345678"})", "/username"},
        Wrong{R"({"username":7,"email":"a@b.cd","password":"12345678"})", "/username"},
        Wrong{R"({"username":"abc","email":"nope","password":"12345678"})", "/email"},
        Wrong{R"({"username":"abc","email":"a@b.cd","password":"1234567"})", "/password"},
        Wrong{
            R"({"username":"abc","email":"a@b.cd","password":"1234567890123456789012345678901234567890123456789012345678901234567890123"})",
            "/password"},
        Wrong{R"({"username":"abc","email":"a@b.cd","password":"12345678","region":"EU"})", "/region"},
        Wrong{R"({"username":"abc","email":"a@b.cd","password":"12345678","mmr":9999})", "/mmr"}));

TEST(AuthRows, LoginIsTheSameForUnknownUserAndWrongPassword) {
  const auto player = Player::fresh();
  const auto wrong = http("POST", gateway("/v1/auth/login"), login_body(player, "wrong-password"));
  const auto unknown =
      http("POST", gateway("/v1/auth/login"), R"({"username":"nobody-at-all","password":"wrong-password"})");
  expect_problem(wrong, 401, "invalid_credentials");
  expect_problem(unknown, 401, "invalid_credentials");
  EXPECT_EQ(wrong.at("detail"), unknown.at("detail"));
  const auto right = http("POST", gateway("/v1/auth/login"), login_body(player, player.password()));
  EXPECT_EQ(right.status, 200);
  EXPECT_EQ(right.at("token_type"), "bearer");
  EXPECT_EQ(right.at("expires_in"), "900");
}

TEST(AuthRows, RefreshRotatesAndLogoutEndsTheLogin) {
  const auto player = Player::fresh();
  const auto refresh = [](const std::string& token) {
    return http("POST", gateway("/v1/auth/refresh"), R"({"refresh_token":")" + token + R"("})");
  };
  const auto first = refresh(player.refresh_token());
  ASSERT_EQ(first.status, 200) << first.body;
  // For ten seconds, while the new token is unused, the spent token gives the same new token, as its answer may be
  // lost.
  const auto replay = refresh(player.refresh_token());
  ASSERT_EQ(replay.status, 200) << replay.body;
  EXPECT_EQ(replay.at("refresh_token"), first.at("refresh_token"));
  const auto second = refresh(first.at("refresh_token"));
  ASSERT_EQ(second.status, 200);
  // The use of an older token means that it was stolen, so all tokens of the login are revoked.
  expect_problem(refresh(player.refresh_token()), 401, "invalid_refresh_token");
  expect_problem(refresh(second.at("refresh_token")), 401, "invalid_refresh_token");

  const auto other = Player::fresh();
  EXPECT_EQ(other.post("/v1/auth/logout", R"({"refresh_token":")" + other.refresh_token() + R"("})").status, 204);
  EXPECT_TRUE(testing::eventually([&] { return other.get("/v1/profile/me").status == 401; }));
  expect_problem(refresh(other.refresh_token()), 401, "invalid_refresh_token");
}

TEST(ProfileRows, ShowsEverythingToThePlayerAndThePublicPartToOthers) {
  const auto player = Player::fresh("eu-north"), other = Player::fresh();
  const auto mine = player.get("/v1/profile/me");
  ASSERT_EQ(mine.status, 200);
  EXPECT_EQ(mine.at("player_id"), player.id());
  EXPECT_EQ(mine.at("region"), "eu-north");
  EXPECT_EQ(mine.at("mmr"), "1500");
  EXPECT_NE(mine.at("email"), "");
  const auto seen = other.get("/v1/profile/" + player.id());
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.at("email"), "");
  EXPECT_EQ(seen.body.find("preferences"), std::string::npos);
  EXPECT_EQ(seen.body.find("password"), std::string::npos);
  expect_problem(other.get("/v1/profile/" + std::string(kNobody)), 404, "not_found");
  expect_problem(other.get("/v1/profile/not-an-id"), 404, "not_found");
  expect_problem(http("GET", gateway("/v1/profile/me")), 401, "unauthorized");
  const auto patched = player.patch("/v1/profile/me", R"({"region":"ap-south","preferences":{"volume":7}})");
  EXPECT_EQ(patched.status, 200);
  EXPECT_EQ(patched.at("preferences.volume"), "7");
  EXPECT_EQ(player.get("/v1/profile/me").at("region"), "ap-south");
  expect_problem(player.patch("/v1/profile/me", R"({"mmr":9999})"), 422, "invalid_fields", "/mmr");
  expect_problem(player.patch("/v1/profile/me", R"({"preferences":{"x":")" + std::string(5000, 'a') + "\"}}"), 422,
                 "invalid_fields", "/preferences");
}

TEST(PartyRows, FollowAPartyFromItsCreationToItsEnd) {
  const auto leader = Player::fresh(), member = Player::fresh(), guest = Player::fresh();
  const auto made = leader.post("/v1/party", R"({"max_size":2,"is_public":false})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("leader_id"), leader.id());
  EXPECT_EQ(made.at("status"), "idle");
  const auto path = "/v1/party/" + made.at("party_id");
  expect_problem(leader.post("/v1/party"), 409, "already_in_party");
  expect_problem(member.get(path), 404, "not_found");
  expect_problem(member.post(path + "/join"), 404, "not_found");
  const auto invite = R"({"player_id":")" + member.id() + R"("})";
  EXPECT_EQ(leader.post(path + "/invite", invite).status, 200);
  EXPECT_EQ(member.post(path + "/join").status, 200);
  expect_problem(member.post(path + "/invite", R"({"player_id":")" + guest.id() + R"("})"), 403, "not_leader");
  EXPECT_EQ(leader.post(path + "/invite", R"({"player_id":")" + guest.id() + R"("})").status, 200);
  expect_problem(guest.post(path + "/join"), 409, "party_full");

  const auto ready = leader.post(path + "/ready", R"({"ready":true})");
  EXPECT_EQ(ready.at("ready_count"), "1");
  EXPECT_EQ(ready.at("not_ready.0"), member.id());
  const std::string queue = R"({"party_id":")" + made.at("party_id") + R"(","mode":"casual","team_size":5})";
  expect_problem(leader.post("/v1/party/queue", queue), 409, "not_all_ready");
  EXPECT_EQ(member.post(path + "/ready").at("all_ready"), "true");  // an empty body toggles
  expect_problem(member.post("/v1/party/queue", queue), 403, "not_leader");
  expect_problem(member.post("/v1/matchmaking/queue", R"({"mode":"duel"})"), 409, "in_party");
  expect_problem(
      leader.post("/v1/party/queue", R"({"party_id":")" + made.at("party_id") + R"(","mode":"ranked","team_size":1})"),
      422, "party_too_large");
  const auto ticket = leader.post("/v1/party/queue", queue);
  ASSERT_EQ(ticket.status, 200) << ticket.body;
  EXPECT_EQ(leader.get(path).at("status"), "queued");
  EXPECT_EQ(leader.get(path).at("ticket_id"), ticket.at("ticket_id"));
  EXPECT_EQ(member.get("/v1/matchmaking/queue/" + ticket.at("ticket_id")).status, 200);
  expect_problem(guest.get("/v1/matchmaking/queue/" + ticket.at("ticket_id")), 404, "not_found");
  expect_problem(member.remove("/v1/matchmaking/queue/" + ticket.at("ticket_id")), 403, "not_leader");
  expect_problem(leader.post("/v1/party/queue", queue), 409, "already_queued");
  EXPECT_EQ(leader.remove("/v1/party/queue?party_id=" + made.at("party_id")).status, 204);
  expect_problem(leader.remove("/v1/party/queue?party_id=" + made.at("party_id")), 404, "not_queued");
  EXPECT_EQ(leader.get(path).at("status"), "idle");

  EXPECT_EQ(member.post(path + "/chat", R"({"text":"hello"})").status, 202);
  expect_problem(member.post(path + "/chat", R"({"text":""})"), 422, "invalid_fields", "/text");
  EXPECT_EQ(leader.post(path + "/promote", invite).at("leader_id"), member.id());
  expect_problem(leader.post(path + "/kick", invite), 403, "not_leader");
  EXPECT_EQ(member.remove(path + "/leave").status, 204);
  EXPECT_EQ(leader.get(path).at("leader_id"), leader.id());
  EXPECT_EQ(leader.get(path).at("members.0.ready"), "false");
  EXPECT_EQ(leader.remove(path + "/leave").status, 204);
  expect_problem(leader.get(path), 404, "not_found");
}

TEST(PartyRows, LeavingAQueuedPartyCancelsItsTicket) {
  const auto leader = Player::fresh("me-test"), member = Player::fresh();
  const auto made = leader.post("/v1/party");
  const auto path = "/v1/party/" + made.at("party_id");
  member.post(path + "/join");
  leader.post(path + "/ready");
  member.post(path + "/ready");
  const auto ticket =
      leader.post("/v1/party/queue", R"({"party_id":")" + made.at("party_id") + R"(","mode":"casual","team_size":2})");
  ASSERT_EQ(ticket.status, 200) << ticket.body;
  EXPECT_EQ(leader.remove(path + "/leave").status, 204);
  EXPECT_EQ(member.get("/v1/matchmaking/queue/" + ticket.at("ticket_id")).at("status"), "CANCELLED");
  EXPECT_EQ(member.get(path).at("leader_id"), member.id());
  EXPECT_EQ(member.get(path).at("status"), "idle");
}

struct WrongQueue {
  const char* body;
  int status;
  const char* code;
  const char* pointer;
};
class QueueRefuses : public ::testing::TestWithParam<WrongQueue> {};
TEST_P(QueueRefuses, AndNamesTheField) {
  static const auto player = Player::fresh();
  const auto answer = player.post("/v1/matchmaking/queue", GetParam().body);
  expect_problem(answer, GetParam().status, GetParam().code, GetParam().pointer);
  EXPECT_EQ(player.get("/v1/matchmaking/active").at("ticket.ticket_id"), "");
}
INSTANTIATE_TEST_SUITE_P(
    Fields, QueueRefuses,
    ::testing::Values(WrongQueue{"{", 400, "malformed_request", ""},
                      WrongQueue{R"({"mode":"duel","mode":"duel"})", 400, "malformed_request", ""},
                      WrongQueue{"{}", 422, "invalid_fields", "/mode"},
                      WrongQueue{R"({"mode":"no_such"})", 422, "unknown_mode", "/mode"},
                      WrongQueue{R"({"mode":"ranked","team_size":77})", 422, "invalid_team_size", "/team_size"},
                      WrongQueue{R"({"mode":"ranked","team_size":"5"})", 422, "invalid_fields", "/team_size"},
                      WrongQueue{R"({"mode":"duel","region":"Europe"})", 422, "invalid_fields", "/region"},
                      WrongQueue{R"({"mode":"duel","mmr":9999})", 422, "invalid_fields", "/mmr"},
                      WrongQueue{R"({"mode":"duel","latencies":{"eu-west":-1}})", 422, "invalid_fields",
                                 "/latencies/eu-west"},
                      WrongQueue{R"({"mode":"duel","party_id":"01890000-0000-7000-8000-000000000000"})", 422,
                                 "invalid_fields", "/party_id"}));

TEST(ExplainRows, ATicketTellsItsPlayerWhyItWaitsAndWhatWouldHelp) {
  const auto player = Player::fresh("me-lonely"), other = Player::fresh("me-lonely");
  const auto ticket = player.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
  ASSERT_EQ(ticket.status, 201) << ticket.body;
  const auto path = "/v1/matchmaking/queue/" + ticket.at("ticket_id") + "/explain";
  Answer said;
  ASSERT_TRUE(testing::eventually([&] { return (said = player.get(path)).status == 200; })) << said.body;
  EXPECT_EQ(said.at("ticket_id"), ticket.at("ticket_id"));
  EXPECT_EQ(said.at("status"), "SEARCHING");
  EXPECT_EQ(said.at("mode"), "duel");
  EXPECT_EQ(said.at("region"), "me-lonely");
  EXPECT_EQ(said.at("rule"), "players");
  EXPECT_EQ(said.at("by"), "1");
  EXPECT_EQ(said.at("tickets_waiting"), "1");
  EXPECT_EQ(said.at("forecast.outcome"), "times_out");
  EXPECT_EQ(said.at("matched_now_with.parties"), "1");
  EXPECT_EQ(said.at("matched_now_with.party_size"), "1");
  EXPECT_FALSE(said.at("summary").empty());

  expect_problem(http("GET", gateway(path)), 401, "unauthorized");
  expect_problem(other.get(path), 404, "not_found");
  expect_problem(player.get("/v1/matchmaking/queue/" + std::string(kNobody) + "/explain"), 404, "not_found");
  expect_problem(player.get(path + "?verbose=1"), 422, "invalid_fields", "/verbose");

  // The explanation says that one more player is needed, so one more player queues.
  ASSERT_EQ(other.post("/v1/matchmaking/queue", R"({"mode":"duel"})").status, 201);
  ASSERT_TRUE(testing::eventually([&] { return (said = player.get(path)).at("status") == "MATCHED"; })) << said.body;
  EXPECT_EQ(said.at("rule"), "");
  EXPECT_FALSE(said.at("summary").empty());
}

TEST(HeaderRows, EveryAnswerCarriesItsHeaders) {
  const auto player = Player::fresh();
  const auto answer = player.send(
      "GET", "/v1/profile/me", "",
      {{"X-Request-Id", "my-request-7"}, {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  EXPECT_EQ(answer.headers.at("x-request-id"), "my-request-7");
  EXPECT_EQ(answer.headers.at("traceparent").substr(3, 32), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_TRUE(answer.headers.count("ratelimit"));
  EXPECT_TRUE(answer.headers.count("ratelimit-policy"));
  expect_problem(http("GET", gateway("/v1/leaderboard"), "", {{"Authorization", "Bearer nonsense"}}), 401,
                 "unauthorized");
  expect_problem(player.get("/v1/no/such/path"), 404, "not_found");
  const auto wrong_method = player.send("PUT", "/v1/profile/me", "{}");
  expect_problem(wrong_method, 405, "method_not_allowed");
  EXPECT_NE(wrong_method.headers.at("allow").find("PATCH"), std::string::npos);
  expect_problem(http("POST", gateway("/v1/auth/login"), "{}", {{"content-type", "text/plain"}}), 415,
                 "unsupported_media_type");
  expect_problem(http("POST", gateway("/v1/auth/login"), R"({"username":")" + std::string(70'000, 'a') + "\"}"), 413,
                 "payload_too_large");
}

TEST(HeaderRows, AnIdempotencyKeyMakesOneEffectOfMany) {
  const auto player = Player::fresh();
  const Headers key{{"Idempotency-Key", "key-" + player.name()}};
  const auto first = player.post("/v1/party", R"({"max_size":3})", key);
  ASSERT_EQ(first.status, 201) << first.body;
  const auto again = player.post("/v1/party", R"({"max_size":3})", key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.at("party_id"), first.at("party_id"));
  expect_problem(player.post("/v1/party", R"({"max_size":4})", key), 422, "idempotency_mismatch");
}

TEST(ServerRows, RefusePlayersAndStrangers) {
  const auto player = Player::fresh();
  const auto path = std::string("/v1/session/") + kNobody;
  expect_problem(player.get(path), 404, "not_found");
  expect_problem(player.post(path + "/heartbeat", R"({"player_count":1,"status":"running"})"), 403, "forbidden");
  expect_problem(player.post(path + "/result", R"({"winning_team":0,"duration_seconds":1,"player_stats":[]})"), 403,
                 "forbidden");
  EXPECT_EQ(http("POST", gateway(path + "/heartbeat"), R"({"player_count":1,"status":"running"})").status, 401);
}

TEST(LeaderboardRows, AreOpenToAnyoneAndChecked) {
  const auto answer = http("GET", gateway("/v1/leaderboard"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("mode"), "ranked");
  EXPECT_EQ(http("GET", gateway("/v1/leaderboard/" + answer.at("season"))).status, 200);
  expect_problem(http("GET", gateway("/v1/leaderboard/s9999")), 404, "unknown_season");
  expect_problem(http("GET", gateway("/v1/leaderboard?limit=0")), 422, "invalid_fields", "/limit");
  expect_problem(http("GET", gateway("/v1/leaderboard?limit=1001")), 422, "invalid_fields", "/limit");
  expect_problem(http("GET", gateway("/v1/leaderboard?cursor=nonsense")), 422, "invalid_fields", "/cursor");
  expect_problem(http("GET", gateway("/v1/leaderboard?colour=blue")), 422, "invalid_fields", "/colour");
  const auto player = Player::fresh();
  EXPECT_EQ(player.get("/v1/matches/history").size("matches"), 0u);
  expect_problem(player.get("/v1/matches/history?limit=101"), 422, "invalid_fields", "/limit");
  expect_problem(player.get(std::string("/v1/matches/") + kNobody), 404, "not_found");
}

TEST(OperatorRows, NeedTheAdminToken) {
  expect_problem(http("GET", gateway("/internal/queues/summary")), 404, "not_found");
  expect_problem(Player::fresh().get("/internal/queues/summary"), 404, "not_found");
  const auto answer = http("GET", gateway("/internal/queues/summary"), "",
                           {{"Authorization", "Bearer " + Stack::instance().admin_token()}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find("\"buckets\""), std::string::npos);
}

TEST(DocumentRows, AreServedOffline) {
  for (const char* path :
       {"/livez", "/readyz", "/version", "/docs", "/redoc", "/openapi.json", "/asyncapi.json", "/errors/party_full"}) {
    EXPECT_EQ(http("GET", gateway(path)).status, 200) << path;
  }
  EXPECT_EQ(http("GET", gateway("/metrics")).status, 404);
  const auto openapi = http("GET", gateway("/openapi.json"));
  EXPECT_EQ(openapi.at("openapi").substr(0, 3), "3.1");
  for (const char* path :
       {"/v1/auth/register", "/v1/party/queue", "/v1/matchmaking/queue", "/v1/leaderboard/{season}"}) {
    EXPECT_NE(openapi.body.find('"' + std::string(path) + '"'), std::string::npos) << path;
  }
  EXPECT_EQ(http("GET", gateway("/docs")).body.find("https://"), std::string::npos);
}

TEST(SocketRows, AuthenticateByHeaderOrHello) {
  const auto player = Player::fresh();
  Socket by_header(websocket("/v1/ws"), player.token());
  const auto welcome = by_header.wait_for("welcome");
  EXPECT_NE(member(welcome, "timestamp"), "");
  by_header.send(R"({"type":"ping","ref":"1"})");
  EXPECT_EQ(member(by_header.wait_for("pong"), "ref"), "1");

  Socket by_hello(websocket("/v1/ws"), "");
  by_hello.send(R"({"type":"hello","token":")" + player.token() + R"("})");
  EXPECT_FALSE(by_hello.wait_for("welcome").empty());

  Socket nobody(websocket("/v1/ws"), "");
  nobody.send(R"({"type":"hello","token":"nonsense"})");
  EXPECT_EQ(nobody.wait_closed(), 4401);
  Socket broken(websocket("/v1/ws"), player.token());
  broken.send("{not json");
  EXPECT_EQ(broken.wait_closed(), 4400);
  EXPECT_FALSE(Socket(websocket("/v1/ws?token=" + player.token()), "").open());
}

TEST(SocketRows, AnswerAWrongFrameLikeTheRequestItStandsFor) {
  const auto player = Player::fresh();
  Socket socket(websocket("/v1/ws"), player.token());
  socket.wait_for("welcome");
  socket.send(R"({"type":"enqueue","mode":"no_such","ref":"a"})");
  const auto error = socket.wait_for("error");
  EXPECT_EQ(member(error, "ref"), "a");
  EXPECT_EQ(member(error, "data.code"), "unknown_mode");
  socket.send(R"({"type":"enqueue","mode":"duel","region":"af-test","ref":"b"})");
  const auto ack = socket.wait_for("ack");
  EXPECT_EQ(member(ack, "ref"), "b");
  EXPECT_EQ(member(ack, "data.status"), "SEARCHING");
  socket.send(R"({"type":"cancel","ticket_id":")" + member(ack, "data.ticket_id") + R"(","ref":"c"})");
  EXPECT_EQ(member(socket.wait_for("ack"), "ref"), "c");
}

TEST(SocketRows, ThePartySocketIsForMembers) {
  const auto leader = Player::fresh(), member = Player::fresh(), stranger = Player::fresh();
  const auto party = leader.post("/v1/party");
  const auto path = "/v1/party/" + party.at("party_id");
  member.post(path + "/join");
  EXPECT_FALSE(Socket(websocket("/v1/ws/party/" + party.at("party_id")), stranger.token()).open());
  Socket socket(websocket("/v1/ws/party/" + party.at("party_id")), member.token());
  EXPECT_FALSE(socket.wait_for("welcome").empty());
  leader.post(path + "/chat", R"({"text":"over here"})");
  EXPECT_EQ(e2e::member(socket.wait_for("chat_message"), "data.text"), "over here");
  EXPECT_EQ(leader.post(path + "/kick", R"({"player_id":")" + member.id() + R"("})").status, 200);
  EXPECT_EQ(socket.wait_closed(), 4403);
}

}  // namespace
}  // namespace mm::e2e
