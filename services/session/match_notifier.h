// Notifies of every change of a match's status: sends WebSocket frames to its players and publishes
// session.state_changed. Works on its own thread, in order, after the commit, so a slow cache or bus delays no answer.
// Best effort: a player who misses a frame reads the same in `welcome` and session.get.
#pragma once

#include <optional>

#include "common/bus/notifier.h"
#include "common/runtime/background_queue.h"
#include "services/session/core/match.h"
#include "services/session/metrics.h"
#include "services/session/tokens.h"

namespace mm::session {

/// Thread-safe.
class MatchNotifier {
 public:
  static constexpr std::size_t kMaxQueued = 10'000;

  MatchNotifier(bus::Bus& bus, bus::Notifier& players, const Tokens& tokens, Metrics& metrics);

  /// `match` has entered its status from `from`; none: the match is new. Logs and counts the change, and queues the
  /// notification.
  void status_changed(const Match& match, std::optional<MatchStatus> from);

 private:
  struct Change {
    Match match;
    std::optional<MatchStatus> from;
  };
  void notify(const Change& change);
  void notify_players(const Match& match);
  void send_ready(const Match& match);
  void send_completed(const Match& match);

  bus::Bus& bus_;
  bus::Notifier& players_;
  const Tokens& tokens_;
  Metrics& metrics_;
  runtime::BackgroundQueue<Change> queue_;  // last member: its thread uses all others
};

}  // namespace mm::session
