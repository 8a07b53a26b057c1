// Tests of access tokens, also forged and expired ones, and of refresh tokens and their families.
#include "tests/integration/gateway/world.h"

#include <atomic>
#include <set>
#include <thread>

#include "common/security/secrets.h"
#include "common/wire/codec.h"

namespace mm::gateway::testing {
namespace {

using security::base64url_encode;
using security::hmac_sha256;

/// A token with any header and claims, signed with any key.
std::string token_of(const std::string& header, const std::string& claims, const std::string& key = kAccessKey) {
  const auto text = base64url_encode(header) + "." + base64url_encode(claims);
  return text + "." + base64url_encode(hmac_sha256(key, text));
}

const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";

/// The claims of a valid token, in which `change_from` is replaced.
std::string claims_text(const std::string& change_from = "", const std::string& change_to = "") {
  const auto token = fresh_player().token;
  const auto first = token.find('.');
  auto claims = *security::base64url_decode(token.substr(first + 1, token.rfind('.') - first - 1));
  if (!change_from.empty()) {
    const auto at = claims.find(change_from);
    EXPECT_NE(at, std::string::npos) << change_from << " in " << claims;
    claims.replace(at, change_from.size(), change_to);
  }
  return claims;
}

Answer with_token(const std::string& token) {
  return gateway().get("/v1/matchmaking/active", {{"Authorization", "Bearer " + token}});
}

TEST(AccessTokens, AreAccepted) {
  nobody_is_anywhere();
  EXPECT_EQ(with_token(fresh_player().token).status, 200);
  EXPECT_EQ(with_token(token_of(kHeader, claims_text())).status, 200);
  EXPECT_EQ(gateway().get("/v1/matchmaking/active", {{"Authorization", "bearer " + fresh_player().token}}).status, 200);
}

TEST(AccessTokens, OfAnotherAlgorithmAreRefused) {
  for (const auto* header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"nOnE","typ":"JWT"})", R"({"alg":"HS384","typ":"JWT"})",
        R"({"alg":"RS256","typ":"JWT"})", R"({"alg":"ES256"})", R"({"alg":"EdDSA"})", R"({"typ":"JWT"})",
        R"({"alg":""})", R"({"alg":"HS256","kid":"../../dev/null"})", R"({"alg":"HS256","kid":"' OR 1=1--"})",
        R"({"alg":"HS256","kid":"a\u0000"})", R"({"alg":"HS256","jku":"http://127.0.0.1:1/"})",
        R"({"alg":"HS256","x5u":"http://127.0.0.1:1/"})", R"({"alg":"HS256","jwk":{"kty":"oct","k":"AA"}})",
        R"({"alg":"HS256","x5c":[]})", R"({"alg":"HS256","crit":["x"]})", R"([])", R"({)"}) {
    expect_problem(with_token(token_of(header, claims_text())), 401, "unauthorized");
  }
  expect_problem(with_token(token_of(R"({"alg":"HS256","kid":")" + std::string(3'000, 'k') + "\"}", claims_text())),
                 401, "unauthorized");
  const auto unsigned_token = base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(claims_text()) + ".";
  expect_problem(with_token(unsigned_token), 401, "unauthorized");
}

TEST(AccessTokens, ThatWereTouchedAreRefused) {
  nobody_is_anywhere();
  const auto token = fresh_player().token;
  for (std::size_t i = 0; i < token.size(); i += 5) {
    auto touched = token;
    touched[i] = touched[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(with_token(touched).status, touched == token ? 200 : 401) << i;
  }
  for (const auto& other :
       {token + "x", token + ".", token + ".x", token.substr(0, token.size() - 4), token.substr(0, token.rfind('.')),
        token.substr(0, token.rfind('.') + 1), token + "=", std::string("x"), std::string("..")}) {
    EXPECT_EQ(with_token(other).status, 401) << other;
  }
  for (const auto& field : std::vector<std::string>{"Basic YTpi", "Bearer", "Bearer  " + token,
                                                    "Bearer " + token + " x", token, "Bearer\t" + token}) {
    EXPECT_EQ(gateway().get("/v1/matchmaking/active", {{"Authorization", field}}).status, 401) << field;
  }
}

TEST(AccessTokens, OfAnotherTimePlaceOrKindAreRefused) {
  const auto now = std::chrono::duration_cast<Seconds>(beginning().time_since_epoch()).count();
  const auto player = fresh_player();
  auto claims = claims_of(player);
  claims.expires_at = beginning() - Seconds{120};
  expect_problem(with_token(access_token(claims)), 401, "unauthorized");
  claims = claims_of(player);
  claims.issued_at = beginning() + Seconds{120};
  expect_problem(with_token(access_token(claims)), 401, "unauthorized");
  const std::string exp = "\"exp\":" + std::to_string(now + 900);
  for (const auto& [from, to] : Fields{{"\"iss\":\"matchmaker\"", "\"iss\":\"other\""},
                                       {"\"iss\":\"matchmaker\",", ""},
                                       {"\"aud\":\"matchmaker-api\"", "\"aud\":\"other\""},
                                       {"\"aud\":\"matchmaker-api\"", "\"aud\":[\"other\"]"},
                                       {"\"typ\":\"access\"", "\"typ\":\"join\""},
                                       {"\"typ\":\"access\"", "\"typ\":\"refresh\""},
                                       {"\"exp\":", "\"exp\":-"},
                                       {"\"exp\":", "\"exp\":1e308,\"x\":"},
                                       {"\"exp\":", "\"exp\":\"1\",\"x\":"},
                                       {"\"exp\":", "\"x\":"},
                                       {"\"sub\":", "\"x\":"},
                                       {"\"sid\":", "\"x\":"}}) {
    expect_problem(with_token(token_of(kHeader, claims_text(from, to))), 401, "unauthorized");
  }
  const auto match = MatchId::fresh(beginning());
  expect_problem(with_token(server_token(match)), 401, "unauthorized");
  const security::TokenSigner access({kAccessKey});
  expect_problem(with_token(access.sign(security::ServerClaims{match, default_tenant(), beginning() + Seconds{60}})),
                 401, "unauthorized");
  expect_problem(with_token(access.sign(security::JoinClaims{match, player.id, beginning() + Seconds{60}})), 401,
                 "unauthorized");
  // A player's token that is signed with the key for servers is not a server token.
  const security::TokenSigner server({kServerKey});
  expect_problem(gateway().send("POST", "/v1/session/" + match.to_string() + "/heartbeat", "{}",
                                {{"Authorization", "Bearer " + server.sign(claims_of(player))}}),
                 401, "invalid_server_token");
}

TEST(AccessTokens, OfTheFormerKeyAreAcceptedAndOfAnyOtherNot) {
  nobody_is_anywhere();
  const auto claims = claims_of(fresh_player());
  EXPECT_EQ(with_token(security::TokenSigner({kOldAccessKey}).sign(claims)).status, 200);
  EXPECT_EQ(with_token(security::TokenSigner({kServerKey}).sign(claims)).status, 401);
  EXPECT_EQ(with_token(security::TokenSigner({"secret-secret-secret-secret-secret"}).sign(claims)).status, 401);
}

TEST(AccessTokens, AreRefusedEvenWhereNoneIsNeeded) {
  LeaderboardPage page;
  page.season = *Season::parse("s1");
  page.mode = ranked_mode();
  fake<GetLeaderboard>().answer(page);
  expect_problem(gateway().get("/v1/leaderboard", {{"Authorization", "Bearer x"}}), 401, "unauthorized");
  EXPECT_EQ(gateway().get("/v1/leaderboard", {{"Authorization", "Bearer x"}}).header("www-authenticate"), "Bearer");
  EXPECT_EQ(gateway().get("/v1/leaderboard").status, 200);
}

struct Pair {
  std::string access;
  std::string refresh;
};

/// Logs a new player in.
Pair log_in(Instance& at = gateway()) {
  const auto player = logged_in();
  fake<LoginPlayer>().answer(player);
  const auto answer = at.send("POST", "/v1/auth/login", R"({"username":"ada","password":"correct horse"})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("token_type"), "bearer");
  EXPECT_EQ(answer.at("expires_in"), "900");
  return {answer.at("access_token"), answer.at("refresh_token")};
}

Answer refresh(const std::string& token, Instance& at = gateway()) {
  return at.send("POST", "/v1/auth/refresh", R"({"refresh_token":")" + token + "\"}");
}

Fields auth(const Pair& pair) { return {{"Authorization", "Bearer " + pair.access}}; }

TEST(Refresh, GivesANewPairThatWorks) {
  nobody_is_anywhere();
  const auto first = log_in();
  EXPECT_EQ(gateway().get("/v1/matchmaking/active", auth(first)).status, 200);
  const auto second = refresh(first.refresh);
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_NE(second.at("refresh_token"), first.refresh);
  EXPECT_EQ(gateway().get("/v1/matchmaking/active", {{"Authorization", "Bearer " + second.at("access_token")}}).status,
            200);
  EXPECT_EQ(refresh(second.at("refresh_token")).status, 200);
}

TEST(Refresh, WhatIsNoneIsRefused) {
  const auto pair = log_in();
  auto touched = pair.refresh;
  touched.back() = touched.back() == 'A' ? 'B' : 'A';
  auto other_tenant = pair.refresh;
  other_tenant.replace(other_tenant.find("default"), 7, "another");
  for (const auto& token :
       {std::string("x"), pair.access, touched, other_tenant, pair.refresh + "A", std::string("r1.default.AAAA")}) {
    expect_problem(refresh(token), 401, "invalid_refresh_token");
  }
  expect_problem(with_token(pair.refresh), 401, "unauthorized");
  EXPECT_EQ(refresh(pair.refresh).status, 200) << "the valid token still works";
}

TEST(Refresh, AgainWithinTheGraceGivesTheSameChild) {
  Instance own;
  const auto pair = log_in(own);
  const auto first = refresh(pair.refresh, own);
  own.clock.advance(Milliseconds{9'000});
  const auto again = refresh(pair.refresh, own);
  ASSERT_EQ(again.status, 200);
  EXPECT_EQ(again.at("refresh_token"), first.at("refresh_token"));
  EXPECT_EQ(refresh(first.at("refresh_token"), own).status, 200);
}

TEST(Refresh, TheSpentTokenLaterEndsTheFamily) {
  nobody_is_anywhere();
  Instance own;
  const auto pair = log_in(own);
  const auto child = refresh(pair.refresh, own);
  own.clock.advance(Milliseconds{10'001});
  expect_problem(refresh(pair.refresh, own), 401, "invalid_refresh_token");
  expect_problem(refresh(child.at("refresh_token"), own), 401, "invalid_refresh_token");
  expect_problem(own.get("/v1/matchmaking/active", auth(pair)), 401, "unauthorized");
  EXPECT_EQ(own.metric("mm_gateway_refresh_reused_total"), 1);
}

TEST(Refresh, TheSpentTokenAfterItsChildWasUsedEndsTheFamily) {
  const auto pair = log_in();
  const auto child = refresh(pair.refresh);
  const auto grandchild = refresh(child.at("refresh_token"));
  ASSERT_EQ(grandchild.status, 200);
  expect_problem(refresh(pair.refresh), 401, "invalid_refresh_token");
  expect_problem(refresh(grandchild.at("refresh_token")), 401, "invalid_refresh_token");
}

TEST(Refresh, ManyAtOnceMakeOneChild) {
  const auto pair = log_in();
  std::vector<std::string> children(50);
  std::vector<std::thread> threads;
  for (auto& child : children) threads.emplace_back([&] { child = refresh(pair.refresh).at("refresh_token"); });
  for (auto& thread : threads) thread.join();
  const std::set<std::string> distinct(children.begin(), children.end());
  EXPECT_EQ(distinct.size(), 1u);
  EXPECT_EQ(refresh(children.front()).status, 200);
}

TEST(Refresh, EndsAfterSevenDaysWhateverTheClockDid) {
  Instance own;
  auto token = log_in(own).refresh;
  for (int day = 0; day < 6; ++day) {
    own.clock.advance(Milliseconds{24 * 3'600 * 1'000});
    token = refresh(token, own).at("refresh_token");
    ASSERT_FALSE(token.empty());
  }
  own.clock.advance(Milliseconds{24 * 3'600 * 1'000 + 1});
  expect_problem(refresh(token, own), 401, "invalid_refresh_token");
}

TEST(Refresh, NoTokenIsStored) {
  const auto pair = log_in();
  storage::Redis redis(mm::testing::redis_options(World::get().queue));
  const auto keys = redis.command({"KEYS", "mm:{default}:login:*"}, soon());
  ASSERT_TRUE(keys.ok());
  ASSERT_FALSE(keys->items.empty());
  const auto secret_part = pair.refresh.substr(pair.refresh.size() - 30);
  for (const auto& key : keys->items) {
    if (key.text.find(":login:of:") != std::string::npos) continue;  // the list of a player's logins, by age
    const auto family = redis.command({"HGETALL", key.text}, soon());
    for (const auto& item : family->items) EXPECT_EQ(item.text.find(secret_part), std::string::npos);
    const auto ttl = redis.command({"TTL", key.text}, soon());
    EXPECT_EQ(ttl->integer, -1) << "families are deleted by their own date, not by a TTL";
  }
}

TEST(Refresh, FamiliesWhoseTimeIsOverAreSwept) {
  Instance own;
  const auto old = log_in(own);
  own.clock.advance(Milliseconds{8LL * 24 * 3'600 * 1'000});
  storage::Redis redis(mm::testing::redis_options(World::get().queue));
  const auto expired = [&] {
    const auto now = std::to_string(own.clock.now().time_since_epoch().count());
    return redis.command({"ZCOUNT", "mm:{default}:login_expiry", "-inf", now}, soon())->integer;
  };
  ASSERT_GT(expired(), 0);
  EXPECT_TRUE(mm::testing::eventually([&] {
    log_in(own);
    return expired() == 0;
  }));
}

TEST(Refresh, APlayersOldestLoginsBeyondFiftyEnd) {
  const auto player = logged_in();
  fake<LoginPlayer>().answer(player);
  Instance own;
  std::vector<std::string> tokens;
  for (int i = 0; i < 52; ++i) {
    own.clock.advance(Milliseconds{1});
    tokens.push_back(
        own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})").at("refresh_token"));
  }
  expect_problem(refresh(tokens[0], own), 401, "invalid_refresh_token");
  expect_problem(refresh(tokens[1], own), 401, "invalid_refresh_token");
  EXPECT_EQ(refresh(tokens[2], own).status, 200);
  EXPECT_EQ(refresh(tokens[51], own).status, 200);
}

TEST(Logout, EndsTheLoginAtOnceOnEveryGateway) {
  nobody_is_anywhere();
  Instance other;
  const auto pair = log_in();
  ASSERT_EQ(other.get("/v1/matchmaking/active", auth(pair)).status, 200);
  const auto body = R"({"refresh_token":")" + pair.refresh + "\"}";
  EXPECT_EQ(gateway().send("POST", "/v1/auth/logout", body, auth(pair)).status, 204);
  expect_problem(gateway().get("/v1/matchmaking/active", auth(pair)), 401, "unauthorized");
  expect_problem(other.get("/v1/matchmaking/active", auth(pair)), 401, "unauthorized");
  expect_problem(refresh(pair.refresh), 401, "invalid_refresh_token");
}

TEST(Logout, IsForOnesOwnLogin) {
  const auto mine = log_in();
  const auto theirs = log_in();
  const auto body = R"({"refresh_token":")" + theirs.refresh + "\"}";
  expect_problem(gateway().send("POST", "/v1/auth/logout", body, auth(mine)), 401, "invalid_refresh_token");
  EXPECT_EQ(refresh(theirs.refresh).status, 200);
}

TEST(Login, AnswersTheSameToEveryFailure) {
  fake<LoginPlayer>().answer([](const LoginPlayer& request, const bus::Context&) -> Reply<LoggedIn> {
    return refuse(Code::invalid_credentials, request.username == "nobody" ? "unknown user" : "wrong password");
  });
  const auto unknown = gateway().send("POST", "/v1/auth/login", R"({"username":"nobody","password":"x"})");
  const auto wrong = gateway().send("POST", "/v1/auth/login", R"({"username":"ada","password":"x"})");
  expect_problem(unknown, 401, "invalid_credentials");
  EXPECT_EQ(unknown.at("detail"), wrong.at("detail"));
  EXPECT_EQ(unknown.body.size(), wrong.body.size());
  EXPECT_EQ(unknown.headers.size(), wrong.headers.size());
}

TEST(Login, WaitsForASlowHashButNotForEver) {
  fake<LoginPlayer>().answer([](const LoginPlayer&, const bus::Context& context) -> Reply<LoggedIn> {
    EXPECT_GT(context.deadline.remaining(), Milliseconds{3'000});
    return refuse(Code::unavailable);
  });
  expect_problem(gateway().send("POST", "/v1/auth/login", R"({"username":"ada","password":"x"})"), 503, "unavailable");
}

}  // namespace
}  // namespace mm::gateway::testing
