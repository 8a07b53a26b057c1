// A fake transport for the SDK: it records the requests and connections of a client, and the test answers them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "matchmaker/matchmaker.h"
#include "matchmaker/transport.h"

namespace matchmaker::testing {

// The recorded requests and connections. A test answers through `answer` and `handlers`.
struct Network {
  struct SentRequest {
    HttpRequest request;
    std::function<void(HttpAnswer)> answer;

    std::string header(const std::string& name) const {
      for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
      }
      return {};
    }
  };
  struct Opened {
    std::string target;
    std::string token;
    Socket::Handlers handlers;
    std::vector<std::string> sent;
    bool alive = true;
  };
  std::deque<SentRequest> requests;
  std::deque<std::shared_ptr<Opened>> opened;
};

class FakeSocket final : public Socket {
 public:
  explicit FakeSocket(std::shared_ptr<Network::Opened> state) : state_(std::move(state)) {}
  ~FakeSocket() override { state_->alive = false; }
  void send(std::string text) override { state_->sent.push_back(std::move(text)); }

 private:
  std::shared_ptr<Network::Opened> state_;
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(std::shared_ptr<Network> network) : network_(std::move(network)) {}
  void send(HttpRequest request, std::function<void(HttpAnswer)> done) override {
    network_->requests.push_back({std::move(request), std::move(done)});
  }
  std::unique_ptr<Socket> open(const std::string& target, const std::string& token,
                               Socket::Handlers handlers) override {
    network_->opened.push_back(
        std::make_shared<Network::Opened>(Network::Opened{target, token, std::move(handlers), {}, true}));
    return std::make_unique<FakeSocket>(network_->opened.back());
  }

 private:
  std::shared_ptr<Network> network_;
};

// A token whose middle part is {"sub":"p1","iat":<issued>,"exp":<issued + seconds>}.
inline std::string token_with_lifetime(int seconds, int issued = 1000) {
  static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto claims =
      R"({"sub":"p1","iat":)" + std::to_string(issued) + R"(,"exp":)" + std::to_string(issued + seconds) + "}";
  std::string encoded;
  unsigned bits = 0;
  int count = 0;
  for (char c : claims) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) encoded += kAlphabet[(bits >> (count - 6)) & 63];
  }
  if (count > 0) encoded += kAlphabet[(bits << (6 - count)) & 63];
  return "h." + encoded + ".s";
}

inline std::string tokens(int lifetime, const std::string& refresh, int issued = 1000) {
  return R"({"access_token":")" + token_with_lifetime(lifetime, issued) + R"(","refresh_token":")" + refresh +
         R"(","token_type":"bearer","expires_in":900})";
}

class SdkClient : public ::testing::Test {
 protected:
  std::shared_ptr<Network> network = std::make_shared<Network>();
  ClientOptions options{.gateway_url = "http://gateway",
                        .tenant = "",
                        .request_timeout = std::chrono::seconds(1),
                        .reconnect_least = std::chrono::milliseconds(1),
                        .reconnect_most = std::chrono::milliseconds(2)};
  Client client{options, std::make_unique<FakeTransport>(network)};

  Network::SentRequest next() {
    EXPECT_FALSE(network->requests.empty());
    auto sent = std::move(network->requests.front());
    network->requests.pop_front();
    return sent;
  }
  void answer(int status, const std::string& body) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    next().answer(answer);
    client.tick();
  }
  void log_in(int lifetime = 900) {
    client.login("alice", "secret-password", [](Result<Done> result) { EXPECT_TRUE(result.ok()); });
    answer(200, tokens(lifetime, "r1"));
    ASSERT_TRUE(client.logged_in());
  }
  void frame(const std::string& text) {
    network->opened.back()->handlers.received(text);
    client.tick();
  }
  void connect() {
    client.connect();
    client.tick();
    ASSERT_FALSE(network->opened.empty());
    network->opened.back()->handlers.opened();
    client.tick();
  }
};

}  // namespace matchmaker::testing
