// Tests of requests for tenants that are not served, and of the log lines about refused requests.
#include "tests/integration/gateway/world.h"

#include "common/runtime/log.h"

namespace mm::gateway::testing {
namespace {

const Tenant& other_tenant() {
  static const auto tenant = *Tenant::parse("invented");
  return tenant;
}

TEST(Tenants, NobodyHasAnAccountInOneThatTheOperatorDidNotName) {
  fake<RegisterPlayer>().refuse(Code::internal_error);
  fake<LoginPlayer>().refuse(Code::internal_error);
  expect_problem(
      gateway().send("POST", "/v1/auth/register",
                     R"({"username":"ada","email":"a@example.org","password":"correct horse","tenant":"invented"})"),
      404, "not_found");
  expect_problem(gateway().send("POST", "/v1/auth/login", R"({"username":"ada","password":"x","tenant":"invented"})"),
                 404, "not_found");
  EXPECT_EQ(fake<RegisterPlayer>().requests() + fake<LoginPlayer>().requests(), 0);
}

TEST(Tenants, TokensOfOneThatIsNoLongerServedAreRefused) {
  nobody_is_anywhere();
  Instance wide([](Settings& settings) { settings.tenants = TenantList::any(); });
  auto claims = claims_of(fresh_player());
  claims.tenant = other_tenant();
  const Fields player{{"Authorization", "Bearer " + access_token(claims)}};
  EXPECT_EQ(wide.get("/v1/matchmaking/active", player).status, 200);
  expect_problem(gateway().get("/v1/matchmaking/active", player), 401, "unauthorized");

  fake<Heartbeat>().answer(HeartbeatAnswer{});
  const auto match = MatchId::fresh(SystemClock{}.now());
  const auto token = security::TokenSigner({kServerKey})
                         .sign(security::ServerClaims{match, other_tenant(), beginning() + Seconds{60}});
  const Fields server{{"Authorization", "Bearer " + token}};
  const auto beat = [&](Instance& at) {
    return at
        .send("POST", "/v1/session/" + match.to_string() + "/heartbeat", R"({"player_count":1,"status":"running"})",
              server)
        .status;
  };
  EXPECT_EQ(beat(wide), 200);
  EXPECT_EQ(beat(gateway()), 401);

  const auto who = logged_in(other_tenant());
  fake<LoginPlayer>().answer(who);
  const auto login =
      wide.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right","tenant":"invented"})");
  const auto body = R"({"refresh_token":")" + login.at("refresh_token") + "\"}";
  expect_problem(gateway().send("POST", "/v1/auth/refresh", body), 401, "invalid_refresh_token");
  EXPECT_EQ(wide.send("POST", "/v1/auth/refresh", body).status, 200);
}

/// The log output of the process while `work` runs.
template <class Work>
std::string logged(const Work& work) {
  log::start("gateway", "gateway-1", log::Level::info);
  ::testing::internal::CaptureStdout();
  work();
  auto text = ::testing::internal::GetCapturedStdout();
  log::start("test", "test-1", log::Level::error);
  return text;
}

TEST(Log, HasOneLineForEachRefusedRequestWithCodeAndTraceAndNoSecret) {
  gateway();  // started here, so that its first log lines are not captured
  fake<LoginPlayer>().refuse(Code::invalid_credentials);
  Answer refused;
  const auto text = logged([&] {
    refused = gateway().send("POST", "/v1/auth/login", R"({"username":"ada","password":"a secret horse"})");
    gateway().get("/v1/profile/me?token=another-secret", {{"Authorization", "Bearer a-third-secret"}});
    gateway().get("/livez");
    call_raw(gateway().port(), "GET /a-fourth-secret HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  });
  ASSERT_EQ(refused.status, 401);
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("\"event\":\"request_refused\""), 3u) << text;
  EXPECT_EQ(count("\"code\":\"invalid_credentials\""), 1u) << text;
  EXPECT_EQ(count("\"code\":\"malformed_request\""), 1u) << text;
  EXPECT_EQ(count("\"trace_id\":\"" + refused.at("trace_id") + "\""), 1u) << text;
  EXPECT_EQ(count("secret"), 0u) << text;
}

}  // namespace
}  // namespace mm::gateway::testing
