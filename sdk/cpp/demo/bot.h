// A bot: a player that registers, logs in, queues alone or with its party, joins the game server of each match and
// sends a message there. It uses only the SDK and one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "matchmaker/matchmaker.h"

namespace demo {

using Clock = std::chrono::steady_clock;

/// Callbacks of a bot. `failed` receives each failure of a call.
struct BotHooks {
  std::function<void()> online;  ///< the bot is logged in and its realtime connection is open
  std::function<void()> queued;
  std::function<void(const matchmaker::MatchFound&, Clock::duration waited)> found;
  std::function<void(const std::string& match_id, const std::string& endpoint)> joined;
  std::function<void(const std::string& match_id, const matchmaker::MatchCancelled&)> cancelled;
  std::function<void(const matchmaker::MatchCompleted&)> completed;
  std::function<void(const matchmaker::RatingChanged&)> rated;
  std::function<void(const std::string& what, const matchmaker::Error&)> failed;
};

class Bot {
 public:
  Bot(const std::string& gateway_url, std::string name, std::string password);

  void set_hooks(BotHooks hooks) { hooks_ = std::move(hooks); }
  const std::string& name() const { return name_; }
  const std::string& player_id() const { return client_.player_id(); }
  matchmaker::Client& client() { return client_; }

  /// Registers, logs in, connects.
  void come_online();
  void enter_queue(const matchmaker::QueueOptions& options);
  void enter_queue_as_party(const std::string& party_id, const matchmaker::QueueOptions& options);
  int tick();

  /// Returns a callback for a call. It passes the value to `then` or the error to the hook `failed`.
  template <class T>
  matchmaker::Callback<T> expect(std::string what, std::function<void(const T&)> then) {
    return [this, what = std::move(what), then = std::move(then)](matchmaker::Result<T> result) {
      if (result) then(result.value());
      else if (hooks_.failed) hooks_.failed(name_ + ": " + what, result.error());
    };
  }

 private:
  /// Like `expect`. While the service is overloaded, `call` repeats the call after the pause that the error names.
  template <class T>
  matchmaker::Callback<T> with_retries(std::string what, std::function<void(const T&)> then,
                                       std::function<void()> call) {
    auto done = expect<T>(std::move(what), std::move(then));
    return [this, done = std::move(done), call = std::move(call)](matchmaker::Result<T> result) {
      const bool busy = !result && (result.error().kind == matchmaker::ErrorKind::unavailable ||
                                    result.error().kind == matchmaker::ErrorKind::rate_limited);
      if (!busy || ++retries_ > kMaxRetries) return done(std::move(result));
      retry_at_ = Clock::now() + std::chrono::seconds(std::max(1, result.error().retry_after_seconds));
      retry_ = call;
    };
  }
  void log_in();
  void watch_events();
  void meet(const matchmaker::SessionReady& session);

  matchmaker::Client client_;
  std::string name_;
  std::string password_;
  BotHooks hooks_;
  bool online_ = false;
  static constexpr int kMaxRetries = 20;
  int retries_ = 0;
  std::function<void()> retry_;  ///< runs at retry_at_
  Clock::time_point retry_at_{};
  Clock::time_point queued_at_{};
  std::string match_id_;
  std::unique_ptr<matchmaker::GameConnection> game_;
  bool game_over_ = false;
};

}  // namespace demo
