// What time does to matches, on one thread: a match without a server for too long, a server silent for too long, a
// server not given back, a match that no worker asks for any more, rows nobody needs. Every look reads the rows, so it
// also finishes what a crashed instance began. Several instances may sweep: the rows decide.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "services/session/core/availability.h"
#include "services/session/server_allocator.h"

namespace mm::session {

/// Settings of the protocol; other values only in tests.
struct Timing {
  Milliseconds max_found_age{600'000};      ///< a match.found older than this is born cancelled: its players are gone
  Milliseconds allocation_timeout{60'000};  ///< allocating for longer: no_server
  Milliseconds heartbeat_timeout{15'000};   ///< no heartbeat for longer: server_lost
  Milliseconds sweep_interval{500};
  Milliseconds retention{8 * 24 * 3'600'000LL};  ///< ended rows
};

class Sweeper {
 public:
  static constexpr int kMaxPerSweep = 256;
  static constexpr Milliseconds kStoreTimeout{2'000};
  static constexpr Milliseconds kPruneInterval{60'000};
  /// Two looks further apart than this: this process slept.
  static constexpr Milliseconds kGap{3'000};

  Sweeper(Store& store, ServerAllocator& servers, MatchNotifier& match_notifier, bus::Bus& bus, const Timing& timing);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  void run();
  bool look();
  bool cancel_unserved();
  bool cancel_silent();
  bool give_back_servers();
  void prune();
  void ended(const Match& match, MatchStatus from);

  Store& store_;
  ServerAllocator& servers_;
  MatchNotifier& match_notifier_;
  bus::Bus& bus_;
  const Timing timing_;
  Availability watch_;    ///< over game servers' silence
  Availability serving_;  ///< over our own ability to place matches
  SteadyPoint pruned_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace mm::session
