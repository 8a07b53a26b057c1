// Tests logins with a stored refresh token, and the log of the client.
#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

class SdkLogin : public ::testing::Test {
 protected:
  SdkLogin() {
    options.tenant = "sails";
    options.store_refresh_token = [this](const std::string& token) { stored.push_back(token); };
    options.log = [this](LogLevel level, const std::string& text) { said.emplace_back(level, text); };
    client = std::make_unique<Client>(options, std::make_unique<FakeTransport>(network));
  }
  void answer(int status, const std::string& body) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    ASSERT_FALSE(network->requests.empty());
    const auto sent = std::move(network->requests.front());
    network->requests.pop_front();
    sent.answer(answer);
    client->tick();
  }
  bool has_said(const std::string& text) const {
    for (const auto& line : said) {
      if (line.second.find(text) != std::string::npos) return true;
    }
    return false;
  }

  ClientOptions options;
  std::shared_ptr<Network> network = std::make_shared<Network>();
  std::vector<std::string> stored;
  std::vector<std::pair<LogLevel, std::string>> said;
  std::unique_ptr<Client> client;
};

using Stored = std::vector<std::string>;

TEST_F(SdkLogin, GoesOnWithTheStoredRefreshToken) {
  std::optional<bool> ok;
  client->login_with_refresh("stored-token", [&](const Result<Done>& result) { ok = result.ok(); });
  ASSERT_EQ(network->requests.size(), 1u);
  EXPECT_EQ(network->requests.front().request.target, "/v1/auth/refresh");
  EXPECT_EQ(network->requests.front().request.body, R"({"refresh_token":"stored-token"})");
  answer(200, tokens(900, "r2"));
  EXPECT_EQ(ok, true);
  EXPECT_TRUE(client->logged_in());
  EXPECT_EQ(client->player_id(), "p1");
  EXPECT_EQ(stored, Stored{"r2"});
}

TEST_F(SdkLogin, ThatIsRefusedIsAnErrorAndTheStoredTokenIsToBeForgotten) {
  std::optional<Error> error;
  client->login_with_refresh("spent", [&](const Result<Done>& result) { error = result.error(); });
  answer(401, R"({"code":"invalid_refresh_token"})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "invalid_refresh_token");
  EXPECT_EQ(stored, Stored{""});
  client->login_with_refresh("good, but nobody answers", [&](const Result<Done>& result) { error = result.error(); });
  answer(0, "");
  EXPECT_EQ(error->kind, ErrorKind::network);
  EXPECT_EQ(stored, Stored{""}) << "it may be good";
}

TEST_F(SdkLogin, StoresEachTokenBeforeTheGameHearsOfIt) {
  std::size_t stored_by_then = 0;
  client->login("alice", "password", [&](const Result<Done>&) { stored_by_then = stored.size(); });
  answer(200, tokens(1, "r1"));
  EXPECT_EQ(stored_by_then, 1u);
  client->my_profile(nullptr);
  answer(200, tokens(900, "r2"));
  answer(200, "{}");
  client->logout(nullptr);
  answer(204, "");
  EXPECT_EQ(stored, (Stored{"r1", "r2", ""}));
}

TEST_F(SdkLogin, SaysWhatItDoesAndNoSecret) {
  client->login("alice", "my-password", nullptr);
  answer(200, tokens(900, "my-refresh-token"));
  client->enter_queue({}, nullptr);
  answer(409, R"({"code":"already_queued","trace_id":"4bf92f3577b34da6"})");
  client->history({}, nullptr);
  answer(0, "");
  client->connect();
  client->tick();
  network->opened.back()->handlers.opened();
  client->tick();
  network->opened.back()->handlers.closed(1006, "reset by peer");
  client->tick();
  EXPECT_TRUE(has_said("POST /v1/auth/login: 200"));
  EXPECT_TRUE(has_said("POST /v1/matchmaking/queue: 409 already_queued, trace 4bf92f3577b34da6"));
  EXPECT_TRUE(has_said("GET /v1/matches/history: network"));
  EXPECT_TRUE(has_said("the realtime connection is open"));
  EXPECT_TRUE(has_said("1006 reset by peer"));
  for (const auto* secret : {"my-password", "my-refresh-token", "h."}) EXPECT_FALSE(has_said(secret)) << secret;
}

}  // namespace
}  // namespace matchmaker::testing
