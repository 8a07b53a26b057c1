// Periodic work on matches, on one thread: cancels matches that got no server in time and matches whose server is
// silent, releases servers, requests servers for matches that still wait, and deletes old rows. Every sweep reads the
// rows, so it also finishes what a crashed instance began. Several instances may sweep: the rows decide.
#pragma once

#include "common/runtime/periodic_task.h"
#include "services/session/core/availability.h"
#include "services/session/server_allocator.h"

namespace mm::session {

/// Settings of the protocol. Only tests use other values.
struct Timing {
  Milliseconds max_found_age{600'000};      ///< an older match.found starts as cancelled: its players have gone
  Milliseconds allocation_timeout{60'000};  ///< allocating for longer: cancelled, no_server
  Milliseconds heartbeat_timeout{15'000};   ///< no heartbeat for longer: cancelled, server_lost
  Milliseconds sweep_interval{500};
  Milliseconds retention{8 * 24 * 3'600'000LL};  ///< of the rows of ended matches
};

class Sweeper {
 public:
  static constexpr int kMaxPerSweep = 256;
  static constexpr Milliseconds kStoreTimeout{2'000};
  static constexpr Milliseconds kPruneInterval{60'000};
  /// If two sweeps are further apart, this process slept.
  static constexpr Milliseconds kMaxGap{3'000};

  Sweeper(Store& store, ServerAllocator& servers, MatchNotifier& notifier, bus::Bus& bus, const Timing& timing);

 private:
  void run();
  /// False: the database did not answer.
  bool sweep();
  bool cancel_overdue(Store::Overdue kind, Milliseconds limit, CancelReason reason);
  bool release_servers();
  void prune();

  Store& store_;
  ServerAllocator& servers_;
  MatchNotifier& notifier_;
  bus::Bus& bus_;
  const Timing timing_;
  Availability can_receive_;   ///< heartbeats could have arrived
  Availability can_allocate_;  ///< servers could have been allocated
  SteadyPoint pruned_;
  runtime::PeriodicTask task_;  // last member: it uses all others
};

}  // namespace mm::session
