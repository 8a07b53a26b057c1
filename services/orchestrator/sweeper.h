// What was forgotten, on one thread: allocations whose match has ended without a release that reached us, places that
// are taken only in our view, tombstones nobody needs any more. Also gives the provider its first view of the table.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "services/orchestrator/placement.h"

namespace mm::orchestrator {

/// Settings of the protocol; other values only in tests.
struct Timing {
  Milliseconds check_age{15'000};  ///< session is asked about allocations older than this, and again after it
  Milliseconds sweep_interval{5'000};
  Milliseconds keep_tombstones{9 * 24 * 3'600'000LL};  ///< tombstones: longer than session keeps its rows
};

class Sweeper {
 public:
  static constexpr int kMaxPerSweep = 256;
  static constexpr Milliseconds kStoreTimeout{2'000};
  static constexpr Milliseconds kRequestTimeout{1'000};

  Sweeper(Store& store, Provider& provider, Placement& placement, bus::Bus& bus, const Timing& timing,
          Metrics& metrics);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  void run();
  void reconcile();
  void check_old_allocations();
  /// Session says that the match has ended, or knows of none.
  bool is_over(MatchId match);
  bool stopping();

  Store& store_;
  Provider& provider_;
  Placement& placement_;
  bus::Bus& bus_;
  const Timing timing_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace mm::orchestrator
