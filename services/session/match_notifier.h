// Notifies of every change of a match's status: sends WebSocket frames to its players and publishes
// session.state_changed. Works on its own thread, in order, after the commit, so a slow cache or bus delays no answer.
// Best effort: a player who misses a frame reads the same in `welcome` and session.get.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "common/bus/notifier.h"
#include "services/session/core/match.h"
#include "services/session/metrics.h"
#include "services/session/tokens.h"

namespace mm::session {

/// Thread-safe.
class MatchNotifier {
 public:
  static constexpr std::size_t kMaxQueued = 10'000;
  static constexpr Milliseconds kShutdownTimeout{1'000};

  MatchNotifier(bus::Bus& bus, bus::Notifier& players, const Tokens& tokens, Metrics& metrics);
  /// Sends the queued notifications for at most kShutdownTimeout and drops the rest.
  ~MatchNotifier();
  MatchNotifier(const MatchNotifier&) = delete;
  MatchNotifier& operator=(const MatchNotifier&) = delete;

  /// `match` has entered its status from `from`; none: the match is new. Logs and counts the change, and queues the
  /// notification.
  void status_changed(const Match& match, std::optional<MatchStatus> from);

 private:
  struct Change {
    Match match;
    std::optional<MatchStatus> from;
  };
  void run();
  void notify(const Change& change);
  void notify_players(const Match& match);
  void send_ready(const Match& match);
  void send_completed(const Match& match);

  bus::Bus& bus_;
  bus::Notifier& players_;
  const Tokens& tokens_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Change> queue_;         // guarded by mutex_
  std::optional<Deadline> stop_by_;  // guarded by mutex_; set by the destructor
  std::thread thread_;
};

}  // namespace mm::session
