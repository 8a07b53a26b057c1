// A policy of matching, as the simulation sees it: tickets enter and leave, and at ticks it makes matches.
//
// Ours is one (ours.h); the others are written from public descriptions of how other matchmakers work, each with its
// source in its header.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/ticket.h"
#include "services/matchmaker/tools/world/crowd.h"

namespace mm::matchmaker::tools {

/// Rising in the order of entering.
using TicketNumber = std::uint32_t;

struct WaitingTicket {
  TicketNumber number = 0;
  BucketMs queued_at = 0;
  BucketMs deadline = 0;
  double rating = 0;  ///< points: the mean of its players, plus the mode's premade offset
  std::uint8_t region = 0;
  std::span<const Player> players;
  std::span<const float> latencies;  ///< by region; empty where there is one region

  int size() const { return static_cast<int>(players.size()); }
};

/// One player of a match: policies may split a party, and then are counted out for it.
struct MadeSeat {
  TicketNumber ticket = 0;
  std::uint8_t player = 0;  ///< of the ticket
  std::uint8_t team = 0;
};

struct MadeMatch {
  std::uint8_t region = 0;
  std::vector<MadeSeat> seats;
};

/// What all policies of a simulation are told.
struct Terms {
  ModeRules rules;
  int team_size = 1;
  std::vector<Region> regions;
  BucketMs tick_ms = 100;
  std::uint64_t seed = 0;

  int match_players() const { return rules.teams * team_size; }
};

class Policy {
 public:
  static constexpr BucketMs kNever = std::numeric_limits<BucketMs>::max();

  virtual ~Policy() = default;
  virtual void enter(const WaitingTicket& ticket) = 0;
  /// It gave up or timed out at `now`. (What tick() matched has left already.)
  virtual void leave(TicketNumber number, BucketMs now) = 0;
  virtual void tick(BucketMs now, std::vector<MadeMatch>& made) = 0;
  /// The earliest time at which a tick could do anything, as things stand. Asked after each change.
  virtual BucketMs due() const = 0;
};

}  // namespace mm::matchmaker::tools
