// Allocate and release: one match, one place, whatever is lost or repeated on the way.
//
// The row comes first (it claims the place), then the hand-over, then the answer. A crash in between leaves a row that
// the next allocate of the same match finds: it hands over again if the server does not host the match yet. Another
// server is taken only if that one is gone and session says that the match still waits; so a late copy of an allocate
// never starts a match twice.
#pragma once

#include "common/bus/bus.h"
#include "services/orchestrator/metrics.h"
#include "services/orchestrator/store.h"

namespace mm::orchestrator {

class Placement {
 public:
  static constexpr int kMaxAttempts = 4;
  static constexpr Milliseconds kReserveTimeout{1'500};  // for a server that is starting
  static constexpr Milliseconds kHandOverTimeout{1'000};

  Placement(Store& store, Provider& provider, bus::Bus& bus, std::string gateway_url, Metrics& metrics)
      : store_(store), provider_(provider), bus_(bus), gateway_url_(std::move(gateway_url)), metrics_(metrics) {}

  /// Idempotent by match_id. match_over after a release, no_capacity when all places are taken.
  Reply<Allocation> allocate(const AllocateServer& request, Deadline deadline);
  /// Idempotent by match_id; leaves a tombstone also for a match that was never here.
  Reply<Released> release(MatchId match, Deadline deadline);

 private:
  /// None: the circumstances have changed, look again.
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
