// Tests of every route: the request to the daemon, the answer to the client, the required token, and the refusals.
#include "tests/integration/gateway/world.h"

#include "common/wire/codec.h"
#include "services/gateway/handlers/routes.h"

namespace mm::gateway::testing {
namespace {

const std::string kSomeId = "0190f0a0-0000-7000-8000-000000000001";

/// The path of a route with an example for each parameter.
std::string example_path(std::string_view pattern) {
  std::string path(pattern);
  for (const auto& [name, value] : Fields{{"{season}", "s1"}, {"{code}", "not_found"}, {"{file}", "start.js"}}) {
    if (const auto at = path.find(name); at != std::string::npos) path.replace(at, name.size(), value);
  }
  while (path.find('{') != std::string::npos) {
    const auto open = path.find('{');
    path.replace(open, path.find('}') - open + 1, kSomeId);
  }
  return path;
}

TEST(Routes, RegisterIsForwardedAndAnswers201) {
  RegisteredPlayer made;
  made.player_id = PlayerId::fresh(SystemClock{}.now());
  made.username = "ada";
  made.region = default_region();
  fake<RegisterPlayer>().answer(made);
  const auto answer =
      gateway().send("POST", "/v1/auth/register",
                     R"({"username":"ada","email":"ada@example.org","password":"correct horse","tenant":"tetris"})");
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.at("player_id"), made.player_id.to_string());
  EXPECT_EQ(answer.header("location"), "/v1/profile/" + made.player_id.to_string());
  EXPECT_EQ(fake<RegisterPlayer>().last().username, "ada");
  EXPECT_EQ(fake<RegisterPlayer>().last().region, default_region());
  EXPECT_EQ(fake<RegisterPlayer>().caller().tenant.str(), "tetris");
  fake<RegisterPlayer>().refuse(Code::username_taken);
  expect_problem(
      gateway().send("POST", "/v1/auth/register", R"({"username":"ada","email":"a@b.c","password":"correct horse"})"),
      409, "username_taken");
}

TEST(Routes, ProfileOfTheCallerUsesTheTokensSubject) {
  const auto player = fresh_player();
  auto profile = profile_of(player);
  profile.email = "me@example.org";
  fake<GetProfile>().answer(profile);
  const auto answer = gateway().get("/v1/profile/me", player.auth());
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("email"), "me@example.org");
  EXPECT_EQ(fake<GetProfile>().last().player_id, player.id);
  EXPECT_EQ(fake<GetProfile>().caller().player, player.id);
  EXPECT_EQ(fake<GetProfile>().caller().role, Role::player);

  const auto other = fresh_player();
  EXPECT_EQ(gateway().get("/v1/profile/" + other.id.to_string(), player.auth()).status, 200);
  EXPECT_EQ(fake<GetProfile>().last().player_id, other.id);
  EXPECT_EQ(fake<GetProfile>().caller().player, player.id);
}

TEST(Routes, ProfileTakesRegionAndPreferencesAndNothingElse) {
  const auto player = fresh_player();
  fake<UpdateProfile>().answer(profile_of(player));
  EXPECT_EQ(gateway().send("PATCH", "/v1/profile/me", R"({"preferences":{"music":false}})", player.auth()).status, 200);
  EXPECT_EQ(fake<UpdateProfile>().last().preferences->text, R"({"music":false})");
  for (const auto* field : {"mmr", "role", "id", "player_id", "password_hash"}) {
    const auto answer =
        gateway().send("PATCH", "/v1/profile/me", std::string(R"({")") + field + R"(":9999})", player.auth());
    expect_problem(answer, 422, "invalid_fields");
    EXPECT_EQ(answer.at("errors/0/pointer"), std::string("/") + field);
  }
  EXPECT_EQ(fake<UpdateProfile>().requests(), 1);
}

TEST(Routes, AChangedRegionCountsBeforeTheTokensOwn) {
  const auto player = fresh_player();
  fake<UpdateProfile>().answer(profile_of(player));
  fake<EnterQueue>().answer(ticket_in());
  gateway().send("PATCH", "/v1/profile/me", R"({"region":"us-east"})", player.auth());
  ASSERT_TRUE(mm::testing::eventually([&] {
    gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", player.auth());
    return fake<EnterQueue>().last().home_region->str() == "us-east";
  }));
}

TEST(Routes, PartyIsCreatedWithTheCallersNameAndRegion) {
  const auto player = fresh_player();
  fake<CreateParty>().answer(party_of({player}));
  const auto answer = gateway().send("POST", "/v1/party", R"({"max_size":3})", player.auth());
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.header("location"), "/v1/party/" + answer.at("party_id"));
  EXPECT_EQ(fake<CreateParty>().last().username, player.name);
  EXPECT_EQ(fake<CreateParty>().last().home_region, default_region());
  EXPECT_EQ(fake<CreateParty>().last().max_size, 3);
  EXPECT_TRUE(fake<CreateParty>().last().is_public);
  expect_problem(gateway().send("POST", "/v1/party", R"({"username":"somebody"})", player.auth()), 422,
                 "invalid_fields");
  EXPECT_EQ(gateway().send("POST", "/v1/party", "", player.auth()).status, 201) << "an empty body counts as {}";
}

TEST(Routes, StrangersAskForAPartyAsNobody) {
  fake<GetParty>().answer(party_of({fresh_player()}));
  EXPECT_EQ(gateway().get("/v1/party/" + kSomeId).status, 200);
  EXPECT_EQ(fake<GetParty>().caller().role, Role::player);
  EXPECT_TRUE(fake<GetParty>().caller().player->is_nil());
  EXPECT_EQ(fake<GetParty>().last().party_id->to_string(), kSomeId);
}

TEST(Routes, MembersActThroughThePath) {
  const auto player = fresh_player();
  const auto other = fresh_player();
  const auto party = "/v1/party/" + kSomeId;
  const auto body = R"({"player_id":")" + other.id.to_string() + "\"}";
  fake<JoinParty>().answer(party_of({player}));
  fake<LeaveParty>().answer(Empty{});
  fake<SetReady>().answer(ReadyState{});
  fake<InvitePlayer>().answer(party_of({player}));
  fake<KickPlayer>().answer(party_of({player}));
  fake<PromotePlayer>().answer(party_of({player}));
  fake<SendChat>().answer(Empty{});
  fake<GetParty>().answer(party_of({player}));
  EXPECT_EQ(gateway().send("POST", party + "/join", "", player.auth()).status, 200);
  EXPECT_EQ(fake<JoinParty>().last().username, player.name);
  const auto left = gateway().send("DELETE", party + "/leave", "", player.auth());
  EXPECT_EQ(left.status, 204);
  EXPECT_EQ(left.headers.count("content-length"), 0u);
  EXPECT_EQ(gateway().send("POST", party + "/ready", R"({"ready":true})", player.auth()).status, 200);
  EXPECT_EQ(fake<SetReady>().last().ready, true);
  EXPECT_EQ(gateway().send("POST", party + "/ready", "", player.auth()).status, 200);
  EXPECT_EQ(fake<SetReady>().last().ready, std::nullopt);
  EXPECT_EQ(gateway().send("POST", party + "/invite", body, player.auth()).status, 200);
  EXPECT_EQ(gateway().send("POST", party + "/kick", body, player.auth()).status, 200);
  EXPECT_EQ(fake<KickPlayer>().last().player_id, other.id);
  EXPECT_EQ(fake<KickPlayer>().last().party_id.to_string(), kSomeId);
  EXPECT_EQ(gateway().send("POST", party + "/promote", body, player.auth()).status, 200);
  EXPECT_EQ(gateway().send("POST", party + "/chat", R"({"text":"hi"})", player.auth()).status, 202);
  expect_problem(gateway().send("POST", party + "/chat", R"({"text":""})", player.auth()), 422, "invalid_fields");
}

TEST(Routes, ReadyIsForTheCallerOnly) {
  const auto player = fresh_player();
  fake<GetParty>().answer(party_of({player}));
  const auto body = R"({"player_id":")" + fresh_player().id.to_string() + "\"}";
  expect_problem(gateway().send("POST", "/v1/party/" + kSomeId + "/ready", body, player.auth()), 422, "invalid_fields");
}

TEST(Routes, WrongFieldsAreNamedOnlyToThoseWhoMay) {
  const auto leader = fresh_player();
  const auto member = fresh_player();
  const auto party = "/v1/party/" + kSomeId;
  const auto entry = R"({"mode":5,"party_id":")" + kSomeId + "\"}";
  fake<GetParty>().answer(party_of({leader, member}));
  expect_problem(gateway().send("POST", party + "/kick", "{}", leader.auth()), 422, "invalid_fields");
  expect_problem(gateway().send("POST", party + "/kick", "{}", member.auth()), 403, "not_leader");
  EXPECT_EQ(fake<GetParty>().last().party_id->to_string(), kSomeId);
  EXPECT_EQ(fake<GetParty>().caller().player, member.id);
  expect_problem(gateway().send("POST", "/v1/party/queue", entry, member.auth()), 403, "not_leader");
  expect_problem(gateway().send("POST", "/v1/party/queue", entry, leader.auth()), 422, "invalid_fields");
  expect_problem(gateway().send("DELETE", "/v1/party/queue?x=1&party_id=" + kSomeId, "", member.auth()), 403,
                 "not_leader");
  expect_problem(gateway().send("POST", party + "/chat", "{}", member.auth()), 422, "invalid_fields");
  expect_problem(gateway().send("POST", party + "/chat", "{}", fresh_player().auth()), 403, "not_member");
  fake<GetParty>().refuse(Code::not_found);
  expect_problem(gateway().send("POST", party + "/chat", "{}", fresh_player().auth()), 404, "not_found");
  expect_problem(gateway().send("POST", party + "/invite", R"({"player_id":5})", fresh_player().auth()), 404,
                 "not_found");
}

TEST(Routes, QueueingAPartyNeedsItsIdAndQueueingAloneRefusesIt) {
  const auto player = fresh_player();
  const auto ticket = ticket_in();
  fake<EnterQueue>().answer(ticket);
  const auto party_entry = R"({"mode":"ranked","party_id":")" + kSomeId + "\"}";
  const auto queued = gateway().send("POST", "/v1/party/queue", party_entry, player.auth());
  EXPECT_EQ(queued.status, 200) << queued.body;
  EXPECT_EQ(queued.header("location"), "/v1/matchmaking/queue/" + ticket.ticket_id.to_string());
  EXPECT_EQ(queued.at("players"), "") << "only daemons may read the players";
  EXPECT_EQ(fake<EnterQueue>().last().party_id->to_string(), kSomeId);
  EXPECT_TRUE(fake<EnterQueue>().last().ticket_id.has_value());
  EXPECT_EQ(fake<EnterQueue>().last().home_region, default_region());
  auto refused = gateway().send("POST", "/v1/party/queue", R"({"mode":"ranked"})", player.auth());
  expect_problem(refused, 422, "invalid_fields");
  EXPECT_EQ(refused.at("errors/0/pointer"), "/party_id");

  EXPECT_EQ(gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", player.auth()).status, 201);
  EXPECT_FALSE(fake<EnterQueue>().last().party_id.has_value());
  refused = gateway().send("POST", "/v1/matchmaking/queue", party_entry, player.auth());
  expect_problem(refused, 422, "invalid_fields");
  EXPECT_EQ(refused.at("errors/0/pointer"), "/party_id");
}

TEST(Routes, ClientsCannotSayWhatTheyAreWorth) {
  const auto player = fresh_player();
  fake<EnterQueue>().answer(ticket_in());
  for (const auto* body :
       {R"({"mode":"ranked","mmr":9000})", R"({"mode":"ranked","ticket_id":"0190f0a0-0000-7000-8000-000000000001"})",
        R"({"mode":"ranked","home_region":"eu-west"})", R"({"mode":"ranked","waited_ms":1})",
        R"({"mode":"ranked","latencies":{"eu-west":-1}})", R"({"mode":"ranked","latencies":{"eu-west":1e9}})",
        R"({"mode":"ranked","latencies":{"EU":1}})", R"({"mode":"Ranked!"})", R"({"mode":"ranked","region":"nowhere"})",
        R"({"mode":"ranked","team_size":2147483648})", R"({"mode":"ranked","team_size":1.5})"}) {
    expect_problem(gateway().send("POST", "/v1/matchmaking/queue", body, player.auth()), 422, "invalid_fields");
  }
  EXPECT_EQ(fake<EnterQueue>().requests(), 0);
}

TEST(Routes, AlreadyQueuedNamesTheLiveTicket) {
  const auto player = fresh_player();
  const auto ticket = TicketId::fresh(SystemClock{}.now());
  fake<EnterQueue>().answer([&](const EnterQueue&, const bus::Context&) -> Reply<Ticket> {
    auto problem = refuse(Code::already_queued).error;
    problem.ticket_id = ticket;
    return fail(problem);
  });
  const auto answer = gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", player.auth());
  expect_problem(answer, 409, "already_queued");
  EXPECT_EQ(answer.at("ticket_id"), ticket.to_string());
}

TEST(Routes, TicketsAreReadAndCancelledByTheirId) {
  const auto player = fresh_player();
  fake<GetTicket>().answer(ticket_in());
  EXPECT_EQ(gateway().get("/v1/matchmaking/queue/" + kSomeId, player.auth()).status, 200);
  EXPECT_EQ(fake<GetTicket>().last().ticket_id->to_string(), kSomeId);
  EXPECT_EQ(fake<GetTicket>().last().tenant, default_tenant());
  fake<LeaveQueue>().answer(CancelledTicket{});
  EXPECT_EQ(gateway().send("DELETE", "/v1/matchmaking/queue/" + kSomeId, "", player.auth()).status, 204);
  EXPECT_EQ(fake<LeaveQueue>().last().ticket_id->to_string(), kSomeId);
  EXPECT_EQ(gateway().send("DELETE", "/v1/party/queue?party_id=" + kSomeId, "", player.auth()).status, 204);
  EXPECT_EQ(fake<LeaveQueue>().last().party_id->to_string(), kSomeId);
  EXPECT_FALSE(fake<LeaveQueue>().last().ticket_id.has_value());
  expect_problem(gateway().send("DELETE", "/v1/party/queue", "", player.auth()), 422, "invalid_fields");
  expect_problem(
      gateway().send("DELETE", "/v1/matchmaking/queue/" + kSomeId + "?party_id=" + kSomeId, "", player.auth()), 422,
      "invalid_fields");
  fake<LeaveQueue>().refuse(Code::already_matched);
  expect_problem(gateway().send("DELETE", "/v1/matchmaking/queue/" + kSomeId, "", player.auth()), 409,
                 "already_matched");
}

TEST(Routes, WhyATicketWaitsIsAskedForItsPlayer) {
  const auto player = fresh_player();
  const auto path = "/v1/matchmaking/queue/" + kSomeId + "/explain";
  Explanation said;
  said.ticket_id = ticket_in().ticket_id;
  said.mode = ranked_mode();
  said.region = default_region();
  said.summary = "3 more players are needed within reach.";
  said.rule = WaitRule::players;
  said.by = 3;
  said.nearest = {{1512.345, 1, 4'200, 120, {{PairRule::region, std::nullopt, 0, std::nullopt}}, std::nullopt}};
  said.forecast = Forecast{WaitOutcome::times_out, 12.34, 60'000, std::nullopt, std::nullopt};
  fake<GetExplanation>().answer(said);
  const auto answer = gateway().get(path, player.auth());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("summary"), said.summary);
  EXPECT_EQ(answer.at("rule"), "players");
  EXPECT_EQ(answer.at("by"), "3");
  EXPECT_EQ(answer.at("nearest/0/rating"), "1512.35");
  EXPECT_EQ(answer.at("nearest/0/checks/0/rule"), "region");
  EXPECT_EQ(answer.at("nearest/0/checks/0/value"), "");
  EXPECT_EQ(answer.at("forecast/outcome"), "times_out");
  EXPECT_EQ(answer.at("matched_now_with_window"), "");
  EXPECT_EQ(fake<GetExplanation>().last().ticket_id.to_string(), kSomeId);
  EXPECT_EQ(fake<GetExplanation>().last().tenant, default_tenant());
  EXPECT_EQ(fake<GetExplanation>().caller().player, player.id);

  expect_problem(gateway().get(path), 401, "unauthorized");
  expect_problem(gateway().get(path + "?tenant=other", player.auth()), 422, "invalid_fields");
  expect_problem(gateway().get("/v1/matchmaking/queue/nothing/explain", player.auth()), 404, "not_found");
  fake<GetExplanation>().refuse(Code::not_found);
  expect_problem(gateway().get(path, player.auth()), 404, "not_found");
  fake<GetExplanation>().refuse(Code::unavailable);
  const auto busy = gateway().get(path, player.auth());
  expect_problem(busy, 503, "unavailable");
  EXPECT_EQ(busy.header("retry-after"), "1");
}

TEST(Routes, ActiveGathersWhatThereIs) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  auto answer = gateway().get("/v1/matchmaking/active", player.auth());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{}");

  const auto party = party_of({player});
  fake<GetParty>().answer(party);
  fake<GetTicket>().answer(ticket_in());
  fake<GetMatch>().answer(match_with(player));
  answer = gateway().get("/v1/matchmaking/active", player.auth());
  EXPECT_EQ(answer.at("party/party_id"), party.party_id.to_string());
  EXPECT_EQ(answer.at("ticket/status"), "SEARCHING");
  EXPECT_EQ(answer.at("match/join_token"), "join");
  EXPECT_EQ(answer.at("ticket/players") + answer.at("match/requeue"), "");
  EXPECT_EQ(fake<GetMatch>().last().player_id, player.id);

  fake<GetMatch>().refuse(Code::unavailable);
  expect_problem(gateway().get("/v1/matchmaking/active", player.auth()), 503, "unavailable");
}

TEST(Routes, WhatHasEndedIsNotActive) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  auto ticket = ticket_in();
  ticket.status = TicketStatus::cancelled;
  fake<GetTicket>().answer(ticket);
  auto match = match_with(player);
  match.status = MatchStatus::completed;
  fake<GetMatch>().answer(match);
  EXPECT_EQ(gateway().get("/v1/matchmaking/active", player.auth()).body, "{}");
}

TEST(Routes, GameServersActForTheirMatchOnly) {
  const auto match = MatchId::fresh(SystemClock{}.now());
  const Fields server{{"Authorization", "Bearer " + server_token(match)}};
  const auto path = "/v1/session/" + match.to_string();
  const std::string beat = R"({"player_count":2,"status":"running"})";
  fake<Heartbeat>().answer(HeartbeatAnswer{});
  EXPECT_EQ(gateway().send("POST", path + "/heartbeat", beat, server).status, 200);
  EXPECT_EQ(fake<Heartbeat>().caller().role, Role::server);
  EXPECT_EQ(fake<Heartbeat>().caller().match, match);
  EXPECT_EQ(fake<Heartbeat>().last().match_id, match);

  fake<ReportResult>().answer(ResultAnswer{match, MatchStatus::completed});
  const auto result = R"({"winning_team":null,"duration_seconds":12.5,"player_stats":[]})";
  EXPECT_EQ(gateway().send("POST", path + "/result", result, server).status, 200);
  EXPECT_EQ(fake<ReportResult>().last().winning_team, std::nullopt);
  fake<ReportResult>().refuse(Code::result_conflict);
  expect_problem(gateway().send("POST", path + "/result", result, server), 409, "result_conflict");

  const Fields other{{"Authorization", "Bearer " + server_token(MatchId::fresh(SystemClock{}.now()))}};
  expect_problem(gateway().send("POST", path + "/result", result, other), 403, "forbidden");
  expect_problem(gateway().send("POST", path + "/result", result, fresh_player().auth()), 403, "forbidden");
  expect_problem(gateway().send("POST", path + "/heartbeat", beat, fresh_player().auth()), 403, "forbidden");
  const security::TokenSigner joins({security::join_key(kServerKey, match)});
  const Fields join{{"Authorization", "Bearer " + joins.sign(security::JoinClaims{match, fresh_player().id,
                                                                                  beginning() + Seconds{60}})}};
  expect_problem(gateway().send("POST", path + "/result", result, join), 403, "forbidden");
  expect_problem(gateway().send("POST", path + "/result", result), 401, "invalid_server_token");
  expect_problem(gateway().send("POST", path + "/result", result, {{"Authorization", "Bearer garbage"}}), 401,
                 "invalid_server_token");
}

TEST(Routes, SessionAndStandingsAreForwarded) {
  const auto player = fresh_player();
  fake<GetMatch>().answer(match_with(player));
  const auto match = gateway().get("/v1/session/" + kSomeId, player.auth());
  EXPECT_EQ(match.status, 200);
  EXPECT_EQ(match.at("join_token"), "join");
  EXPECT_EQ(match.at("requeue"), "");
  fake<GetHistory>().answer(HistoryPage{});
  EXPECT_EQ(gateway().get("/v1/matches/history?limit=5&mode=ranked", player.auth()).status, 200);
  EXPECT_EQ(fake<GetHistory>().last().limit, 5);
  FinishedMatch finished;
  finished.mode = ranked_mode();
  finished.region = default_region();
  fake<GetFinishedMatch>().answer(finished);
  EXPECT_EQ(gateway().get("/v1/matches/" + kSomeId, player.auth()).status, 200);
  LeaderboardPage page;
  page.season = *Season::parse("s1");
  page.mode = ranked_mode();
  fake<GetLeaderboard>().answer(page);
  EXPECT_EQ(gateway().get("/v1/leaderboard").status, 200);
  EXPECT_FALSE(fake<GetLeaderboard>().last().season.has_value());
  EXPECT_EQ(gateway().get("/v1/leaderboard/s12?region=eu-west", player.auth()).status, 200);
  EXPECT_EQ(fake<GetLeaderboard>().last().season->str(), "s12");
  EXPECT_EQ(fake<GetLeaderboard>().caller().player, player.id);
  for (const auto* season : {"..", "s2147483648", "S1", "%2e%2e%2f", "s"}) {
    EXPECT_EQ(gateway().get(std::string("/v1/leaderboard/") + season).status, 404) << season;
  }
}

TEST(Routes, LimitsOfPagesAreChecked) {
  const auto player = fresh_player();
  fake<GetHistory>().answer(HistoryPage{});
  for (const auto* query : {"limit=1e9", "limit=1000000000", "limit=-1", "limit=0", "limit=101", "limit=", "limit=x",
                            "offset=3", "limit=1&limit=2", "cursor=", "mode=UP", "player_id=1"}) {
    expect_problem(gateway().get(std::string("/v1/matches/history?") + query, player.auth()), 422, "invalid_fields");
  }
  EXPECT_EQ(fake<GetHistory>().requests(), 0);
}

TEST(Routes, TheQueuesSummaryIsForOperators) {
  fake<GetQueues>().answer(QueueSummary{});
  const Fields admin{{"Authorization", "Bearer " + kAdminToken}};
  EXPECT_EQ(gateway().get("/internal/queues/summary?tenant=default", admin).status, 200);
  EXPECT_EQ(fake<GetQueues>().caller().role, Role::admin);
  for (const auto& headers : {Fields{}, fresh_player().auth(), Fields{{"Authorization", "Bearer " + kAdminToken + "x"}},
                              Fields{{"Authorization", "Bearer x"}}, Fields{{"Authorization", kAdminToken}}}) {
    expect_problem(gateway().get("/internal/queues/summary", headers), 404, "not_found");
  }
  for (const auto* path : {"/metrics", "/debug", "/internal", "/internal/queues", "/.env"}) {
    expect_problem(gateway().get(path), 404, "not_found");
  }
}

TEST(Routes, HealthAndVersion) {
  EXPECT_EQ(gateway().get("/livez").at("status"), "ok");
  EXPECT_EQ(gateway().get("/readyz").at("status"), "ready");
  EXPECT_EQ(gateway().get("/version").status, 200);
}

TEST(Routes, DocumentsAndPagesAreServed) {
  const auto openapi = gateway().get("/openapi.json");
  EXPECT_EQ(openapi.at("openapi"), "3.1.0");
  EXPECT_EQ(openapi.at("tags/0/name"), "Accounts");
  EXPECT_EQ(gateway().get("/asyncapi.json").at("asyncapi"), "3.0.0");
  for (const auto* path : {"/docs", "/redoc"}) {
    const auto page = gateway().get(path);
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
    EXPECT_NE(page.header("content-security-policy").find("default-src 'self'"), std::string::npos);
    EXPECT_EQ(page.body.find("http"), std::string::npos) << "the page loads nothing from other hosts";
  }
  EXPECT_EQ(gateway().get("/docs/start.js").status, 200);
  EXPECT_EQ(gateway().get("/openapi.json", {{"If-None-Match", openapi.header("etag")}}).status, 304);
  for (const auto* path : {"/docs/..%2f..%2fetc%2fpasswd", "/docs/%2e%2e", "/docs/no.js", "/docs/.env", "/docs/"}) {
    EXPECT_EQ(gateway().get(path).status, 404) << path;
  }
}

TEST(Routes, EveryRouteIsForWhomTheTableSays) {
  const auto player = fresh_player();
  refuse_all(Code::unavailable, World::get().fakes);
  for (const auto& route : routes()) {
    const auto path = example_path(route.path);
    const std::string method(route.method);
    const auto as_nobody = gateway().send(method, path, "").status;
    const auto as_player = gateway().send(method, path, "", player.auth()).status;
    const auto bad_token = gateway().send(method, path, "", {{"Authorization", "Bearer x.y.z"}}).status;
    const auto where = method + " " + path;
    EXPECT_EQ(as_nobody == 401, route.audience == Audience::player || route.audience == Audience::server) << where;
    EXPECT_NE(as_player, 401) << where;
    EXPECT_EQ(as_player == 403, route.audience == Audience::server) << where;
    EXPECT_EQ(bad_token, route.audience == Audience::admin ? 404 : 401) << where;
  }
  forget_all(World::get().fakes);
}

TEST(Routes, OtherMethodsAreRefusedWithAllow) {
  for (const auto* method : {"PUT", "TRACE", "OPTIONS", "HEAD", "CONNECT", "PATCH", "BREW"}) {
    const auto answer = gateway().send(method, "/v1/party/queue", "");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.header("allow"), "DELETE, POST") << method;
  }
  const auto get = gateway().send("POST", "/v1/matchmaking/active", "",
                                  with(fresh_player().auth(), "X-HTTP-Method-Override", "GET"));
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(get.header("allow"), "GET, HEAD");
}

TEST(Routes, IdsHaveOneForm) {
  const auto player = fresh_player();
  for (const auto* id : {"0", "-1", "9223372036854775808", "1.5", "[]", "..%2f", "0190F0A0-0000-7000-8000-000000000001",
                         "{0190f0a0-0000-7000-8000-000000000001}", "0190f0a000007000800000000000000a",
                         "0190f0a0-0000-7000-8000-00000000000%31x"}) {
    const auto status = gateway().get(std::string("/v1/profile/") + id, player.auth()).status;
    EXPECT_TRUE(status == 404 || status == 400) << id << " " << status;
  }
  EXPECT_EQ(gateway().get("/v1/profile/%00", player.auth()).status, 400);
  EXPECT_EQ(gateway().get("/v1/profile/" + std::string(7000, 'a'), player.auth()).status, 404);
}

TEST(Routes, AnswersCarryIdentifiersAndTheTraceGoesOn) {
  const auto player = fresh_player();
  fake<GetProfile>().answer(profile_of(player));
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto headers = with(with(player.auth(), "traceparent", parent), "X-Request-Id", "req-1");
  auto answer = gateway().get("/v1/profile/me", headers);
  EXPECT_EQ(answer.header("x-request-id"), "req-1");
  EXPECT_EQ(answer.header("traceparent").substr(0, 36), parent.substr(0, 36));
  EXPECT_NE(answer.header("traceparent"), parent) << "a span of its own";
  EXPECT_EQ(fake<GetProfile>().trace().trace_id_text(), parent.substr(3, 32));
  EXPECT_EQ(answer.header("cache-control"), "no-store");
  EXPECT_EQ(answer.header("ratelimit-policy"), "100;w=60");

  headers = with(with(player.auth(), "traceparent", "nonsense"), "X-Request-Id", "a b<script>");
  answer = gateway().get("/v1/profile/me", headers);
  EXPECT_EQ(answer.header("x-request-id"), answer.header("traceparent").substr(3, 32))
      << "the id of the client was not valid";
  const auto problem = gateway().get("/v1/profile/me", {{"traceparent", parent}});
  EXPECT_EQ(problem.at("trace_id"), parent.substr(3, 32));
}

TEST(Routes, ADaemonThatIsAwayIs503) {
  const auto player = fresh_player();
  fake<GetProfile>().refuse(Code::unavailable);
  expect_problem(gateway().get("/v1/profile/me", player.auth()), 503, "unavailable");
  EXPECT_EQ(gateway().get("/v1/profile/me", player.auth()).header("retry-after"), "1");
}

}  // namespace
}  // namespace mm::gateway::testing
