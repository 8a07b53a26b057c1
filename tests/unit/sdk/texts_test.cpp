// Tests that no text throws or crashes: an invalid address gives an error value, an unusual text is sent to the
// service, which refuses it, and an unusual answer gives a protocol error.
#include <algorithm>
#include <functional>
#include <limits>

#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

using namespace std::string_literals;

// Invalid addresses; each has one fault. SCHEME is replaced by a valid scheme.
const std::vector<std::string> kWrongPlaces = {
    "",
    " ",
    "localhost",
    "localhost:8080",
    "127.0.0.1:8080",
    "//localhost:8080",
    "://localhost",
    "ftp://localhost:8080",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "SCHEME://",
    "SCHEME:/localhost",
    "SCHEME:localhost",
    "SCHEME:///path",
    "SCHEME://:8080",
    "SCHEME://localhost:0",
    "SCHEME://localhost:70000",
    "SCHEME://localhost:99999999999999999999",
    "SCHEME://localhost:-1",
    "SCHEME://localhost:80x",
    "SCHEME://localhost:",
    "SCHEME://localhost:80:80",
    "SCHEME://local host:8080",
    " SCHEME://localhost:8080",
    "SCHEME://localhost:8080 ",
    "SCHEME://localhost:8080\r\nHost: evil",
    "SCHEME://localhost:8080/\t",
    "SCHEME://player:secret@localhost:8080",
    "SCHEME://@localhost:8080",
    "SCHEME://[::1",
    "SCHEME://::1]:8080",
    "SCHEME://::1:8080",
    "SCHEME://[]:8080",
    "SCHEME://[:8080",
    "SCHEME://[::1]x:8080",
    "SCHEME://[::1]8080",
    "SCHEME://[[::1]]:8080",
    "SCHEME://[localhost]:8080",
    "SCHEME://[::1]:70000",
    "SCHEME://[fe80::1%25eth0]:8080",
    "SCHEME://lo%63alhost:8080",
    "SCHEME://localhost/%",
    "SCHEME://localhost/%zz",
    "SCHEME://localhost/#fragment",
    "SCHEME://localhost\\path",
    "SCHEME://local\0host:8080"s,
    "SCHEME://m\xC3\xBCnchen.example:8080",
    "SCHEME://\xFF\xFE:8080",
    "SCHEME://" + std::string(300, 'a'),
    std::string(100'000, 'h'),
};

std::string with_scheme(std::string text, const std::string& scheme) {
  const auto at = text.find("SCHEME");
  return at == std::string::npos ? text : text.replace(at, 6, scheme);
}

std::optional<Error> login_at(const std::string& address) {
  ClientOptions options;
  options.gateway_url = address;
  Client client(options);
  std::optional<Error> error;
  client.connect();
  client.login("alice", "password", [&](const Result<Done>& result) {
    if (!result) error = result.error();
  });
  client.tick();
  return error;
}

TEST(SdkAddresses, AWrongOneOfTheGatewayIsAnErrorOfTheFirstCall) {
  auto wrong = kWrongPlaces;
  for (const auto* more : {"ws://localhost:8080", "SCHEME://localhost:8080?a=b", "SCHEME://localhost/?a"})
    wrong.emplace_back(more);
  for (const auto& text : wrong) {
    for (const auto* scheme : {"http", "https", "HTTP"}) {
      const auto error = login_at(with_scheme(text, scheme));
      ASSERT_TRUE(error) << text;
      EXPECT_EQ(error->kind, ErrorKind::invalid) << text;
      EXPECT_EQ(error->code, "invalid_address") << text;
      EXPECT_NE(error->detail.find("http://host:port"), std::string::npos) << error->detail;
    }
  }
}

TEST(SdkAddresses, AWrongOneOfAGameServerIsAClosedConnection) {
  auto wrong = kWrongPlaces;
  for (const auto* more : {"http://localhost:8080", "/v1/ws", "SCHEME://localhost/#"}) wrong.emplace_back(more);
  for (const auto& text : wrong) {
    for (const auto* scheme : {"ws", "wss"}) {
      std::string said;
      int code = 0;
      GameConnection::Handlers handlers;
      handlers.closed = [&](int why_code, const std::string& why) {
        code = why_code;
        said = why;
      };
      GameConnection connection(with_scheme(text, scheme), "token", std::move(handlers));
      connection.send("1");
      connection.tick();
      EXPECT_EQ(code, 1006) << text;
      EXPECT_NE(said.find("is not a valid address"), std::string::npos) << text << ": " << said;
      connection.tick();
      connection.close();
    }
  }
}

// Texts that often cause faults in parsers, encoders and headers.
const std::vector<std::string> kOddTexts = {
    "",
    "\0"s,
    "a\0b"s,
    "\xFF\xFE\x80",
    "\xED\xA0\x80",  // a surrogate in UTF-8
    "\xC3",
    "\r\nInjected: header",
    "../../etc/passwd",
    "%",
    "%zz%00",
    "{",
    "[[[[",
    std::string(100'000, '['),
    "{\"a\":" + std::string(100'000, '{'),
    R"("\ud800")",
    R"("\ud800\ud800")",
    R"("\udc00")",
    R"({"a":1e999,"b":-1e999,"c":1e-999})",
    R"({"a":123456789012345678901234567890})",
    R"({"a":1,"a":2})",
    "nul",
    "NaN",
    "\xEF\xBB\xBF{}",
    std::string(200'000, 'x'),
    "eyJhbGciOiJIUzI1NiJ9.!!!!.x",
    "a.bb.c",
    "..",
    ".",
};

template <class T>
Callback<T> counted(int& count) {
  return [&count](const Result<T>& result) {
    if (!result) (void)result.error().code.size();
    ++count;
  };
}

// Makes every call, with the text as each of its text arguments. Returns the number of calls.
int make_all_calls(Client& client, const std::string& text, int& answered) {
  Registration registration;
  registration.username = registration.email = registration.password = registration.region = text;
  PartyOptions party;
  party.region = text;
  party.max_size = std::numeric_limits<int>::min();
  QueueOptions queue;
  queue.mode = queue.region = text;
  queue.team_size = std::numeric_limits<int>::max();
  queue.latencies_ms = {{text, 1e308},
                        {"a" + text, std::numeric_limits<double>::infinity()},
                        {"b" + text, std::numeric_limits<double>::quiet_NaN()}};
  HistoryQuery history;
  history.player_id = history.mode = history.cursor = text;
  LeaderboardQuery board;
  board.season = board.mode = board.region = board.cursor = text;
  board.limit = -1;

  client.register_account(registration, counted<Account>(answered));
  client.login(text, text, counted<Done>(answered));
  client.login_with_refresh(text, counted<Done>(answered));
  client.my_profile(counted<Profile>(answered));
  client.profile(text, counted<Profile>(answered));
  client.set_region(text, counted<Profile>(answered));
  client.set_preferences(text, counted<Profile>(answered));
  client.create_party(party, counted<Party>(answered));
  client.party(text, counted<Party>(answered));
  client.join_party(text, counted<Party>(answered));
  client.leave_party(text, counted<Done>(answered));
  client.set_ready(text, true, counted<ReadyState>(answered));
  client.invite(text, text, counted<Party>(answered));
  client.invites(counted<std::vector<Invitation>>(answered));
  client.decline_invite(text, counted<Done>(answered));
  client.withdraw_invite(text, text, counted<Done>(answered));
  client.kick(text, text, counted<Party>(answered));
  client.promote(text, text, counted<Party>(answered));
  client.chat(text, text, counted<Done>(answered));
  client.enter_queue(queue, counted<Ticket>(answered));
  client.enter_queue_as_party(text, queue, counted<Ticket>(answered));
  client.ticket(text, counted<Ticket>(answered));
  client.explain(text, counted<Explanation>(answered));
  client.leave_queue(text, counted<Done>(answered));
  client.active(counted<Active>(answered));
  client.match(text, counted<Match>(answered));
  client.history(history, counted<HistoryPage>(answered));
  client.leaderboard(board, counted<LeaderboardPage>(answered));
  return 28;
}

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

class SdkTexts : public SdkClient {};

TEST_F(SdkTexts, OfAnyKindReachTheNetworkEncodedAndAreAnsweredOnce) {
  log_in();
  for (const auto& text : kOddTexts) {
    int answered = 0;
    const int made = make_all_calls(client, text, answered);
    while (!network->requests.empty()) {
      const auto sent = next();
      EXPECT_TRUE(is_printable(sent.request.target)) << sent.request.target.substr(0, 100);
      for (const auto& header : sent.request.headers)
        EXPECT_EQ(header.second.find_first_of("\r\n\0"s), std::string::npos);
      HttpAnswer answer;
      answer.status = 422;
      answer.body = text;  // the answer is the unusual text too
      sent.answer(answer);
      client.tick();
    }
    client.tick();
    EXPECT_EQ(answered, made);
  }
}

TEST_F(SdkTexts, InAnswersAndFramesAreErrorsOrIgnored) {
  for (const auto& text : kOddTexts) {
    for (const int status : {0, 100, 200, 201, 204, 301, 400, 401, 500, 999, -1}) {
      std::optional<bool> ok;
      client.login("a", "b", [&](const Result<Done>& result) { ok = result.ok(); });
      answer(status, text);
      EXPECT_EQ(ok, false) << status << " " << text.substr(0, 100);
      EXPECT_FALSE(client.logged_in());
    }
  }
  log_in();
  connect();
  for (const auto& text : kOddTexts) {
    frame(text);
    for (const auto* event : {"welcome", "match_completed", "party_updated", "rating_changed", "queue_entered"}) {
      frame(R"({"event":")"s + event + R"(","data":)" + text + "}");
      frame(R"({"event":")"s + event + R"(","data":{"recent":)" + text + R"(,"match":[],"match_id":7,"team":1e300}})");
    }
  }
  EXPECT_TRUE(client.connected());
}

TEST_F(SdkTexts, TokensThatNoHeaderCanCarryAreNoTokens) {
  for (const auto* token : {"", " ", "a b", "a\\r\\nb", "\\u0000", "\\u00fc"}) {
    std::optional<Error> error;
    client.login("a", "b", [&](const Result<Done>& result) {
      if (!result) error = result.error();
    });
    answer(200, R"({"access_token":")"s + token + R"(","refresh_token":"r"})");
    ASSERT_TRUE(error) << token;
    EXPECT_EQ(error->kind, ErrorKind::protocol);
    EXPECT_FALSE(client.logged_in());
  }
}

// Uses cpprestsdk and a port without a listener.
TEST(SdkTextsOnTheWire, EndInErrorsAsValues) {
  ClientOptions options;
  options.gateway_url = "http://127.0.0.1:1";
  for (const auto& text : kOddTexts) {
    options.tenant = text;
    Client client(options);
    int answered = 0;
    const int made = make_all_calls(client, text, answered);
    while (answered < made) client.wait(std::chrono::seconds(1));
    EXPECT_EQ(answered, made);
  }
}

TEST(SdkTextsOnTheWire, OfAGameConnectionEndInAClosedConnection) {
  for (const auto& text : kOddTexts) {
    int closed = 0;
    GameConnection::Handlers handlers;
    handlers.closed = [&](int, const std::string&) { ++closed; };
    GameConnection connection("ws://127.0.0.1:1/match/m", text, std::move(handlers));
    connection.send(text);
    while (closed == 0) connection.tick();
    connection.send(text);
    EXPECT_EQ(closed, 1);
  }
}

TEST(SdkOptions, OfAnyValueMakeAClientThatWaitsAndReconnects) {
  for (const auto pause : {std::chrono::milliseconds::min(), std::chrono::milliseconds(-1),
                           std::chrono::milliseconds(0), std::chrono::milliseconds::max()}) {
    auto network = std::make_shared<Network>();
    ClientOptions options;
    options.request_timeout = options.reconnect_least = options.reconnect_most = pause;
    Client client(options, std::make_unique<FakeTransport>(network));
    client.login("a", "b", nullptr);
    HttpAnswer good;
    good.status = 200;
    good.body = tokens(900, "r1");
    network->requests.front().answer(good);
    client.tick();
    client.connect();
    client.tick();
    ASSERT_EQ(network->opened.size(), 1u);
    network->opened.back()->handlers.closed(1006, "reset");
    client.tick();
    client.wait(std::chrono::milliseconds(-1));
    options.gateway_url = "http://127.0.0.1:1";
    Client real(options);
    bool answered = false;
    real.login("a", "b", [&](const Result<Done>&) { answered = true; });
    while (!answered) real.wait(std::chrono::milliseconds(50));
  }
}

TEST_F(SdkClient, ConnectsOnceThereIsALogin) {
  client.connect();
  client.tick();
  EXPECT_TRUE(network->opened.empty());
  log_in();
  client.tick();
  EXPECT_EQ(network->opened.size(), 1u);
}

}  // namespace
}  // namespace matchmaker::testing
