// The interface to a source of game servers: reserves a slot on a server for a match, hands the match over to the
// server, and frees the slot. Thread-safe; calls wait no longer than their deadline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/game_server.h"
#include "common/contracts/problem.h"

namespace mm::orchestrator {

/// A slot for one match.
struct Place {
  ServerId server_id;
  int slot = 0;
  std::string endpoint;  ///< host:port for players
};

/// A row of the allocation table in the state `allocated`.
struct AllocatedMatch {
  MatchId match_id;
  Place place;
};

enum class HandOverResult {
  hosted,   ///< the server hosts the match
  refused,  ///< the server refused the match
  lost,     ///< the server ended or did not answer in time
};

enum class Reachability {
  reachable,
  unknown,  ///< not connected, but it may be soon
  gone,     ///< ended or silent
};

class Provider {
 public:
  virtual ~Provider() = default;

  /// Idempotent by match. Waits for a server that is starting; no_capacity when all slots are taken.
  virtual Reply<Place> reserve(MatchId match, Deadline deadline) = 0;
  /// Idempotent by match: `hosted` if the server hosts the match already.
  virtual HandOverResult hand_over(ServerId server, const game::HandOver& match, Deadline deadline) = 0;
  /// Frees the slot. With `on`, that server ends the match, and refuses it if the hand-over arrives later.
  virtual void free(MatchId match, std::optional<ServerId> on) = 0;

  virtual Reachability reachability(ServerId server) = 0;
  /// Makes the view of taken slots agree with the table.
  virtual void reconcile(const std::vector<AllocatedMatch>& allocated) = 0;
  /// A game server is ready, although all its slots may be taken.
  virtual bool ready() = 0;
};

/// Has no servers: for a stack whose servers this platform does not run, and for tests.
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
