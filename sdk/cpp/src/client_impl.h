// The implementation of Client: login and token renewal, calls, and the realtime connection. All functions run on the
// thread of the client. Completions of network requests arrive through the task queue.
//
// The game may destroy its Client in any callback. The Impl then lives until the current tick() returns, with `over`
// set. From then on no function of the game is called, and code that continues after a callback can still use the
// members.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "matchmaker/client.h"
#include "matchmaker/transport.h"
#include "src/access_token.h"
#include "src/match_ends.h"
#include "src/messages.h"
#include "src/task_queue.h"

namespace matchmaker {

struct Call {
  std::string method = {};
  std::string target = {};
  std::string body = {};
  bool needs_login = true;
  bool creates = false;  ///< the request carries an Idempotency-Key
};

struct MATCHMAKER_HIDDEN Client::Impl {
  using Clock = std::chrono::steady_clock;
  using Answered = std::function<void(const HttpAnswer&)>;

  Impl(ClientOptions options_in, std::unique_ptr<Transport> transport_in);

  int tick();
  /// Called by the destructor of Client.
  void end();

  // calls.cpp
  void call(Call call, Answered answered);
  void send(Call call, Answered answered, bool may_renew);
  void arrived(std::uint64_t id, HttpAnswer answer);
  /// Passes `answer` to `answered` in the next tick, without a network request.
  void refuse(Answered answered, HttpAnswer answer);
  void log_in(Call call, Callback<Done> done);
  void renew();
  void renewed(const HttpAnswer& answer);
  /// Returns false if the answer has no tokens that can be sent in a header.
  bool accept_tokens(const HttpAnswer& answer);
  void forget_tokens();
  void end_login();
  bool renewal_due() const { return !refresh_token.empty() && Clock::now() >= renew_at; }

  template <class T>
  void request(Call what, Callback<T> done) {
    call(std::move(what), [done = std::move(done)](const HttpAnswer& answer) {
      if (done) done(to_result<T>(answer));
    });
  }

  template <class T>
  static Result<T> to_result(const HttpAnswer& answer) {
    if (auto error = error_of(answer)) return *error;
    const auto json = parse_message(answer.body);
    if (!json) return protocol_error("the answer is not valid JSON");
    T value{};
    read_answer(*json, value);
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
  bool is_new(const std::string& event, std::int64_t seq);
  void dispatch(const std::string& event, const JsonValue& data);
  void welcomed(const Active& active);
  void deliver_missed(const Active& active);
  void deliver(const MatchCompleted& event);
  void deliver(const MatchCancelled& event);
  void deliver(const RatingChanged& event);
  void schedule_reconnect();
  void renew_socket_login();

  /// Calls a function of the game, unless the Client was destroyed. Takes a copy of the function, because the function
  /// may replace or destroy the original.
  template <class Handler, class... Args>
  void call_game(Handler handler, const Args&... args) const {
    if (handler && !over) handler(args...);
  }
  void log(LogLevel level, const std::string& text) const { call_game(options.log, level, text); }
  std::string random_key();

  struct Pending {
    Call call;
    Answered answered;
    bool may_renew = false;
    Clock::time_point began = {};
  };

  ClientOptions options;
  std::shared_ptr<TaskQueue> tasks = std::make_shared<TaskQueue>();
  std::unique_ptr<Transport> transport;
  Events events;
  std::mt19937_64 random;
  bool over = false;

  // Outstanding requests. Functions of the game are kept here and not in the completions, because a completion that
  // arrives after the end of the client is destroyed on another thread.
  std::map<std::uint64_t, Pending> pending;
  std::uint64_t last_id = 0;

  AccessToken access;
  std::string refresh_token;
  Clock::time_point renew_at{};
  bool renewing = false;
  std::deque<std::function<void(bool)>> after_renewal;

  bool wants_socket = false;
  bool socket_open = false;
  std::uint64_t socket_number = 0;  ///< events of sockets with another number are dropped
  std::unique_ptr<Socket> socket;
  std::chrono::milliseconds pause{0};
  Clock::time_point reconnect_at = Clock::time_point::max();
  std::int64_t last_seq = 0;  ///< number of the last event that was delivered; 0: unknown
  MatchEnds ends;
};

}  // namespace matchmaker
