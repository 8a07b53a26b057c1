// Tells the players of a match, and whoever listens, what became of it: WebSocket frames through the Notifier and
// session.state_changed. On a thread of its own, in order, after the commit: a slow cache or bus delays no answer.
// Best effort: what is lost here, players read in `welcome` and session.get.
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

class MatchNotifier {
 public:
  static constexpr std::size_t kMaxQueued = 10'000;
  static constexpr Milliseconds kShutdownTimeout{1'000};

  MatchNotifier(bus::Bus& bus, bus::Notifier& notifier, const Tokens& tokens, Metrics& metrics);
  /// Tells what waits, as far as it gets in kShutdownTimeout, then ends.
  ~MatchNotifier();
  MatchNotifier(const MatchNotifier&) = delete;
  MatchNotifier& operator=(const MatchNotifier&) = delete;

  /// `match` has just entered its status, from `from` (none: it is new).
  void changed(const Match& match, std::optional<MatchStatus> from);

 private:
  struct Change {
    Match match;
    std::optional<MatchStatus> from;
  };
  void run();
  void tell(const Change& change);
  void tell_players(const Match& match);
  void tell_ready(const Match& match);
  void tell_completed(const Match& match);

  bus::Bus& bus_;
  bus::Notifier& notifier_;
  const Tokens& tokens_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Change> waiting_;     // guarded by mutex_
  std::optional<Deadline> until_;  // guarded by mutex_; set: it is ending
  std::thread thread_;
};

}  // namespace mm::session
