// The inside of a Client: login and token renewal, calls, the realtime connection. Everything here runs on the
// client's thread; the network's completions come in through the mailbox.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "matchmaker/client.h"
#include "matchmaker/transport.h"
#include "src/access_token.h"
#include "src/json.h"
#include "src/mailbox.h"
#include "src/read.h"

namespace matchmaker {

struct Call {
  std::string method;
  std::string target;
  std::string body;
  bool needs_login = true;
  bool creates = false;  ///< carries an Idempotency-Key
};

struct Client::Impl {
  using Clock = std::chrono::steady_clock;
  using Answered = std::function<void(HttpAnswer)>;

  Impl(ClientOptions options_in, std::unique_ptr<Transport> transport_in);
  ~Impl();

  int tick();

  // calls.cpp
  void call(Call call, Answered answered);
  void send(Call call, Answered answered, bool may_renew);
  void renew();
  void renewed(const HttpAnswer& answer);
  void accept_tokens(const Json& json);
  void end_login();
  bool renewal_due() const { return !refresh_token.empty() && Clock::now() >= renew_at; }

  template <class T>
  void request(Call what, Callback<T> done) {
    call(std::move(what), [done = std::move(done)](HttpAnswer answer) { done(to_result<T>(answer)); });
  }

  template <class T>
  static Result<T> to_result(const HttpAnswer& answer) {
    if (auto error = error_of(answer)) return *error;
    const auto json = Json::parse(answer.body);
    if (!json) return protocol_error("the answer is no JSON");
    T value{};
    read(*json, value);
    return value;
  }
  static std::optional<Error> error_of(const HttpAnswer& answer);
  static Error protocol_error(const std::string& detail);

  // realtime.cpp
  void open_socket();
  void close_socket();
  void socket_opened();
  void socket_closed(int code, const std::string& why);
  void received(const std::string& text);
  void dispatch(const std::string& event, const Json& data);
  void schedule_reconnect();
  void renew_socket_login();

  /// Runs `letter` in the next tick, unless the client is gone by then. For any thread.
  void post(std::function<void()> letter) const { mailbox->post(std::move(letter)); }
  std::string random_key();

  ClientOptions options;
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::unique_ptr<Transport> transport;
  Events events;
  std::mt19937_64 random;

  AccessToken access;
  std::string refresh_token;
  Clock::time_point renew_at{};
  bool renewing = false;
  std::deque<std::function<void(bool)>> after_renewal;

  bool wants_socket = false;
  bool socket_open = false;
  std::uint64_t socket_number = 0;  ///< events of an earlier socket are dropped
  std::unique_ptr<Socket> socket;
  std::chrono::milliseconds pause{0};
  Clock::time_point reconnect_at = Clock::time_point::max();
};

}  // namespace matchmaker
