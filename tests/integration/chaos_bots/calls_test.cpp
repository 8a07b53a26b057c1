// The operations of the bots against a gateway that follows a script: each attempt is one request and one operation of
// the history, and all attempts have one key.
#include "tests/chaos/bots/calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace mm::chaos {
namespace {

using ::testing::ElementsAre;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr Milliseconds kTestTimeout{20'000};

/// What the gateway does with a request.
struct Step {
  int status = 200;  // 0: it closes the connection without an answer
  std::string body = "{}";
  bool closes = false;  // the connection, after the answer
};

struct Received {
  std::string key, target, token;
  int connection = 0;
};

class ScriptedGateway {
 public:
  explicit ScriptedGateway(asio::io_context& io) : io_(io), acceptor_(io, Tcp::endpoint(Tcp::v4(), 0)) { accept(); }

  GatewayAddress address() const { return {"127.0.0.1", std::to_string(acceptor_.local_endpoint().port()), ""}; }

  std::deque<Step> script;  // when it is empty, requests are answered with 200
  std::vector<Received> received;

 private:
  struct Link {
    explicit Link(Tcp::socket s) : socket(std::move(s)) {}
    Tcp::socket socket;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::response<http::string_body> response;
    int number = 0;
  };

  void accept() {
    acceptor_.async_accept([this](ErrorCode error, Tcp::socket socket) {
      if (error) return;
      const auto link = std::make_shared<Link>(std::move(socket));
      link->number = ++connections_;
      read(link);
      accept();
    });
  }

  void read(const std::shared_ptr<Link>& link) {
    link->request = {};
    http::async_read(link->socket, link->buffer, link->request, [this, link](ErrorCode error, std::size_t) {
      if (!error) answer(link);
    });
  }

  void answer(const std::shared_ptr<Link>& link) {
    const auto text = [&](beast::string_view value) { return std::string(value.data(), value.size()); };
    received.push_back({text(link->request["Idempotency-Key"]), text(link->request.target()),
                        text(link->request[http::field::authorization]), link->number});
    Step step;
    if (!script.empty()) {
      step = script.front();
      script.pop_front();
    }
    if (step.status == 0) return;  // destroys the link
    link->response = {};
    link->response.result(static_cast<unsigned>(step.status));
    link->response.keep_alive(true);
    link->response.body() = step.body;
    link->response.prepare_payload();
    http::async_write(link->socket, link->response, [this, link, step](ErrorCode error, std::size_t) {
      if (!error && !step.closes) read(link);
    });
  }

  asio::io_context& io_;
  Tcp::acceptor acceptor_;
  int connections_ = 0;
};

class Calls : public ::testing::Test {
 protected:
  Calls() {
    char name[] = "/tmp/chaos-calls-XXXXXX";
    folder_ = ::mkdtemp(name);
    history_.emplace(*History::open(folder_ + "/bots.jsonl", "bots"));
    caller_.emplace(std::vector{first_.address(), second_.address()}, *history_, http_, pacer_, schedule_, random_,
                    stats_);
  }
  ~Calls() override { std::filesystem::remove_all(folder_); }

  Operation operation() {
    Operation operation;
    operation.op = "enqueue";
    operation.fields.add("player", "p1").add("key", "k1");
    operation.request = {"POST", "/v1/matchmaking/queue", "the-token", "k1", "{}"};
    return operation;
  }

  Outcome outcome_of(Operation operation) {
    std::optional<Outcome> outcome;
    caller_->call(route_, std::move(operation), [&](const Outcome& got) { outcome = got; });
    const auto until = std::chrono::steady_clock::now() + kTestTimeout;
    while (!outcome && std::chrono::steady_clock::now() < until) {
      const auto now = std::chrono::steady_clock::now();
      schedule_.run(now);
      pacer_.run(now, [] { return false; });
      io_.run_for(Milliseconds{2});
    }
    EXPECT_TRUE(outcome) << "the operation did not end";
    return outcome.value_or(Outcome{});
  }

  /// Each line as "number op phase".
  std::vector<std::string> history() const {
    std::ifstream file(folder_ + "/bots.jsonl");
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) {
      const auto document = json::Document::parse(line);
      EXPECT_TRUE(document) << line;
      if (!document) continue;
      const auto at = [&](const char* key) { return std::string(document->root().find(key)->string()); };
      out.push_back(at("i") + " " + at("op") + " " + at("ph"));
      EXPECT_EQ(line.find("the-token"), std::string::npos) << "a history contains no token";
    }
    return out;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> out;
    for (const auto* gateway : {&first_, &second_}) {
      for (const auto& request : gateway->received) out.push_back(request.key);
    }
    return out;
  }

  std::string folder_;
  asio::io_context io_{1};
  ScriptedGateway first_{io_};
  ScriptedGateway second_{io_};
  HttpClient http_{io_};
  Pacer pacer_{1'000, std::chrono::steady_clock::now()};
  Schedule schedule_;
  Random random_{1};
  Stats stats_{std::chrono::steady_clock::now()};
  std::optional<History> history_;
  std::optional<Caller> caller_;
  Route route_;
};

TEST_F(Calls, AnAcknowledgedOperationIsOneAttempt) {
  first_.script = {{201, R"({"ticket_id":"t"})"}};
  auto asked = operation();
  asked.read = [](const HttpAnswer& answer) { return Fields().add_json("answer", answer.body); };
  const auto outcome = outcome_of(std::move(asked));
  EXPECT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome.unsettled);
  EXPECT_EQ(outcome.number, 1);
  EXPECT_THAT(history(), ElementsAre("1 enqueue invoke", "1 enqueue ok"));
  EXPECT_EQ(first_.received.at(0).token, "Bearer the-token");
}

TEST_F(Calls, EveryAttemptHasItsOwnLinesAndTheSameKey) {
  first_.script = {{0}, {201}};  // the third attempt comes back to the first gateway
  second_.script = {{503, R"({"code":"unavailable"})"}};
  const auto outcome = outcome_of(operation());
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.unsettled) << "the first two attempts may still take effect";
  EXPECT_EQ(outcome.number, 3);
  EXPECT_THAT(history(), ElementsAre("1 enqueue invoke", "1 enqueue info", "2 enqueue invoke", "2 enqueue info",
                                     "3 enqueue invoke", "3 enqueue ok"));
  EXPECT_THAT(keys(), ElementsAre("k1", "k1", "k1"));
  EXPECT_EQ(second_.received.size(), 1u) << "after an unknown outcome another gateway is used";
}

// A second request under one history line could hide a second effect.
TEST_F(Calls, AnAttemptIsSentOnceEvenIfAKeptConnectionBreaks) {
  first_.script = {{200}, {0}};
  ASSERT_TRUE(outcome_of(operation()).ok());
  auto asked = operation();
  asked.repeats = false;
  const auto outcome = outcome_of(std::move(asked));
  EXPECT_EQ(outcome.answer.status, 0);
  EXPECT_TRUE(outcome.unsettled);
  ASSERT_EQ(first_.received.size(), 2u);
  EXPECT_EQ(first_.received[0].connection, first_.received[1].connection);
  EXPECT_EQ(second_.received.size(), 0u);
  EXPECT_THAT(history(), ElementsAre("1 enqueue invoke", "1 enqueue ok", "2 enqueue invoke", "2 enqueue info"));
}

// Otherwise each restart of a gateway would give unknown outcomes to requests that were never read.
TEST_F(Calls, AConnectionThatTheGatewayHasClosedIsNotUsed) {
  Step last;
  last.closes = true;
  first_.script = {last};
  ASSERT_TRUE(outcome_of(operation()).ok());
  io_.run_for(Milliseconds{50});
  EXPECT_TRUE(outcome_of(operation()).ok());
  ASSERT_EQ(first_.received.size(), 2u);
  EXPECT_NE(first_.received[0].connection, first_.received[1].connection);
}

TEST_F(Calls, ARefusalIsFinal) {
  first_.script = {{409, R"({"code":"already_queued"})"}};
  const auto outcome = outcome_of(operation());
  EXPECT_EQ(outcome.code, "already_queued");
  EXPECT_FALSE(outcome.unsettled);
  EXPECT_THAT(history(), ElementsAre("1 enqueue invoke", "1 enqueue fail"));
}

TEST_F(Calls, CopiesAreAttemptsAtSeveralGatewaysWithOneKey) {
  first_.script = {{409, R"({"code":"idempotency_running"})"}, {201}};
  second_.script = {{0}};
  auto asked = operation();
  asked.copies = 3;
  const auto outcome = outcome_of(std::move(asked));
  EXPECT_TRUE(outcome.ok()) << "the best of the answers counts";
  EXPECT_TRUE(outcome.unsettled) << "one of the copies had no answer";
  EXPECT_THAT(keys(), ElementsAre("k1", "k1", "k1"));
  EXPECT_EQ(first_.received.size(), 2u);
  EXPECT_EQ(history().size(), 6u);
}

TEST_F(Calls, AGatewayThatDoesNotListenHasNoAnswer) {
  auto nowhere = Tcp::acceptor(io_, Tcp::endpoint(Tcp::v4(), 0));
  const GatewayAddress closed{"127.0.0.1", std::to_string(nowhere.local_endpoint().port()), ""};
  nowhere.close();
  caller_.emplace(std::vector{closed, first_.address()}, *history_, http_, pacer_, schedule_, random_, stats_);
  const auto outcome = outcome_of(operation());
  EXPECT_TRUE(outcome.ok());
  EXPECT_THAT(history(), ElementsAre("1 enqueue invoke", "1 enqueue info", "2 enqueue invoke", "2 enqueue ok"));
}

}  // namespace
}  // namespace mm::chaos
