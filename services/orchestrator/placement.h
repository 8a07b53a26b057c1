// Allocates and releases slots: exactly one per match, even if requests and answers are lost or repeated.
//
// allocate() inserts the row (which claims the slot), hands the match over, and answers. After a crash in between, the
// next request for the match finds the row and hands the match over again if the server does not host it yet. The match
// moves to another server only if its server is gone and session says that the match is still allocating, so a delayed
// copy of a request never starts a match twice.
#pragma once

#include "common/bus/bus.h"
#include "services/orchestrator/metrics.h"
#include "services/orchestrator/store.h"

namespace mm::orchestrator {

class Placement {
 public:
  static constexpr int kMaxAttempts = 4;
  static constexpr Milliseconds kReserveTimeout{1'500};  // covers a server that is starting
  static constexpr Milliseconds kHandOverTimeout{1'000};

  Placement(Store& store, Provider& provider, bus::Bus& bus, std::string gateway_url, Metrics& metrics)
      : store_(store), provider_(provider), bus_(bus), gateway_url_(std::move(gateway_url)), metrics_(metrics) {}

  /// Idempotent by match_id. match_over after a release, no_capacity when all slots are taken.
  Reply<Allocation> allocate(const AllocateServer& request, Deadline deadline);
  /// Idempotent by match_id; also leaves a tombstone for a match that was never allocated.
  Reply<Released> release(MatchId match, Deadline deadline);

 private:
  /// None: the row or the server has changed, so look at the row again.
  using Step = Reply<std::optional<Allocation>>;
  Failure<Problem> refuse_released(MatchId match);
  Step place_new(const AllocateServer& request, Deadline deadline);
  Step place_existing(const AllocateServer& request, const Place& place, Deadline deadline);
  Step move(const AllocateServer& request, ServerId from, Deadline deadline);
  Step after_claim(const AllocateServer& request, const Place& place, Reply<Store::ClaimResult> inserted,
                   Deadline deadline);
  Step hand_over(const AllocateServer& request, const Place& place, Deadline deadline);
  bool still_waits(MatchId match, const Tenant& tenant, Deadline deadline);
  void drop_wrong_place(MatchId match, Deadline deadline);

  Store& store_;
  Provider& provider_;
  bus::Bus& bus_;
  const std::string gateway_url_;
  Metrics& metrics_;
};

}  // namespace mm::orchestrator
