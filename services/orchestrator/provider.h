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
struct Allocated {
  MatchId match_id;
  Place place;
};

enum class HandedOver {
  hosted,   ///< the server said so
  refused,  ///< the server said no
  lost,     ///< the server went or did not answer in time
};

enum class Presence {
  there,    ///< takes lines
  unknown,  ///< may be coming back: ask again soon
  gone,     ///< or silent
};

class Provider {
 public:
  virtual ~Provider() = default;

  /// Idempotent by match. Waits for a server that is starting; no_capacity when all are full.
  virtual Reply<Place> reserve(MatchId match, Deadline deadline) = 0;
  /// Idempotent by match: a match that is hosted there already is `hosted`.
  virtual HandedOver hand_over(ServerId server, const game::HandOver& match, Deadline deadline) = 0;
  /// The place is free; with `on`, that server is told to end the match, also one it gets only later.
  virtual void free(MatchId match, std::optional<ServerId> on) = 0;

  virtual Presence presence(ServerId server) = 0;
  /// Brings the view of taken places in line with the table.
  virtual void reconcile(const std::vector<Allocated>& allocated) = 0;
  /// A match could be hosted now, or all places are taken.
  virtual bool ready() = 0;
};

/// Hands out no server: for a stack whose servers are not ours, or tests without any.
class NoProvider final : public Provider {
 public:
  Reply<Place> reserve(MatchId, Deadline) override { return refuse(Code::no_capacity); }
  HandedOver hand_over(ServerId, const game::HandOver&, Deadline) override { return HandedOver::lost; }
  void free(MatchId, std::optional<ServerId>) override {}
  Presence presence(ServerId) override { return Presence::gone; }
  void reconcile(const std::vector<Allocated>&) override {}
  bool ready() override { return true; }
};

}  // namespace mm::orchestrator
