// The interface of a matching policy, as the simulation uses it: tickets enter and leave, and ticks make matches.
//
// One policy is ours (ours.h). The others are written from public descriptions of other matchmakers; each header names
// its source.
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
#include "services/matchmaker/matching/ticket/ticket.h"
#include "services/simulator/crowd/crowd.h"

namespace mm::simulator {

/// Increases in the order of entering.
using TicketNumber = std::uint32_t;

struct WaitingTicket {
  TicketNumber number = 0;
  matching::BucketMs queued_at = 0;
  matching::BucketMs deadline = 0;
  double rating = 0;  ///< in points: the mean of its players, plus the mode's premade offset
  std::uint8_t region = 0;
  std::span<const Player> players;
  std::span<const float> latencies;  ///< in ms by region; empty if there is one region

  int size() const { return static_cast<int>(players.size()); }
};

/// One player of a match. A policy may split a party; the checker then counts a fault.
struct MadeSeat {
  TicketNumber ticket = 0;
  std::uint8_t player = 0;  ///< index in the ticket
  std::uint8_t team = 0;
};

struct MadeMatch {
  std::uint8_t region = 0;
  std::vector<MadeSeat> seats;
};

/// What all policies of a simulation are given.
struct Terms {
  ModeRules rules;
  int team_size = 1;
  std::vector<Region> regions;
  matching::BucketMs tick_ms = 100;
  std::uint64_t seed = 0;

  int match_players() const { return rules.teams * team_size; }
};

class Policy {
 public:
  static constexpr matching::BucketMs kNever = std::numeric_limits<matching::BucketMs>::max();

  virtual ~Policy() = default;
  virtual void enter(const WaitingTicket& ticket) = 0;
  /// The ticket gave up or timed out at `now`. Not called for tickets that tick() matched.
  virtual void leave(TicketNumber number, matching::BucketMs now) = 0;
  virtual void tick(matching::BucketMs now, std::vector<MadeMatch>& made) = 0;
  /// The earliest time at which a tick could do anything, in the present state. Called after each change.
  virtual matching::BucketMs due() const = 0;
};

}  // namespace mm::simulator
