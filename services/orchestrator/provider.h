// Where game servers come from. A provider gives each match a place on a server, hands the match over, and takes the
// place back. Thread-safe; calls wait no longer than their deadline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/game_server.h"
#include "common/contracts/problem.h"

namespace mm::orchestrator {

/// A place for one match.
struct Place {
  ServerId server_id;
  int slot = 0;
  std::string endpoint;  ///< host:port for players
};

/// What the table says of an allocated match.
struct AllocatedMatch {
  MatchId match_id;
  Place place;
};

enum class HandOverResult {
  hosted,   ///< the server said so
  refused,  ///< the server said no
  lost,     ///< the server went or did not answer in time
};

enum class Reachability {
  reachable,
  unknown,  ///< may be coming back: ask again soon
  gone,     ///< or silent
};

class Provider {
 public:
  virtual ~Provider() = default;

  /// Idempotent by match. Waits for a server that is starting; no_capacity when all are full.
  virtual Reply<Place> reserve(MatchId match, Deadline deadline) = 0;
  /// Idempotent by match: a match that is hosted there already is `hosted`.
  virtual HandOverResult hand_over(ServerId server, const game::HandOver& match, Deadline deadline) = 0;
  /// The place is free; with `on`, that server is told to end the match, also one it gets only later.
  virtual void free(MatchId match, std::optional<ServerId> on) = 0;

  virtual Reachability reachability(ServerId server) = 0;
  /// Brings the view of taken places in line with the table.
  virtual void reconcile(const std::vector<AllocatedMatch>& allocated) = 0;
  /// A match could be hosted now, or all places are taken.
  virtual bool ready() = 0;
};

/// Hands out no server: for a stack whose servers are not ours, or tests without any.
class NoProvider final : public Provider {
 public:
  Reply<Place> reserve(MatchId, Deadline) override { return refuse(Code::no_capacity); }
  HandOverResult hand_over(ServerId, const game::HandOver&, Deadline) override { return HandOverResult::lost; }
  void free(MatchId, std::optional<ServerId>) override {}
  Reachability reachability(ServerId) override { return Reachability::gone; }
  void reconcile(const std::vector<AllocatedMatch>&) override {}
  bool ready() override { return true; }
};

}  // namespace mm::orchestrator
