// Cleans up on a thread of its own: releases allocations whose match has ended but whose release request was lost,
// frees slots that have no row, and deletes old tombstones. Also gives the provider its first view of the table.
#pragma once

#include "common/runtime/periodic_task.h"
#include "services/orchestrator/placement.h"

namespace mm::orchestrator {

/// Constants of the protocol; tests use other values.
struct Timing {
  Milliseconds check_age{
      15'000};  ///< age at which an allocation is checked with session, and interval of further checks
  Milliseconds sweep_interval{5'000};
  Milliseconds keep_tombstones{9 * 24 * 3'600'000LL};  ///< longer than session keeps its rows
};

class Sweeper {
 public:
  static constexpr int kMaxPerSweep = 256;
  static constexpr Milliseconds kStoreTimeout{2'000};
  static constexpr Milliseconds kRequestTimeout{1'000};

  Sweeper(Store& store, Provider& provider, Placement& placement, bus::Bus& bus, const Timing& timing,
          Metrics& metrics);

 private:
  void sweep();
  void reconcile();
  void check_old_allocations();
  /// Session says that the match has ended or is unknown.
  bool is_over(MatchId match);

  Store& store_;
  Provider& provider_;
  Placement& placement_;
  bus::Bus& bus_;
  const Timing timing_;
  Metrics& metrics_;
  runtime::PeriodicTask task_;  // last member: it uses all others
};

}  // namespace mm::orchestrator
