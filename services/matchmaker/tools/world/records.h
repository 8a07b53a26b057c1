// What a simulation leaves behind: one record per measured queueing, and what the whole run cost.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "services/matchmaker/core/ticket.h"
#include "services/matchmaker/tools/world/checker.h"

namespace mm::matchmaker::tools {

enum class Ending : std::uint8_t { waiting, matched, timed_out, gave_up };

/// A party in the queue, from entering to leaving, and the match it got.
struct Queueing {
  std::uint32_t unit = 0;
  std::uint8_t size = 1;
  std::uint8_t decile = 0;  ///< of its rating
  std::uint8_t hour = 0;    ///< of the day, of entering
  Ending ending = Ending::waiting;
  float waited_seconds = 0;
  // Of its match, if it got one.
  float quality = 0;
  float spread = 0;      ///< points, highest minus lowest ticket
  float team_gap = 0;    ///< points, between the means of the strongest and the weakest team
  float latency_ms = 0;  ///< its worst member's, where it plays
};

struct RunRecord {
  std::vector<Queueing> queueings;  ///< those who entered in the measured time
  std::array<double, 24> measured_hours{};  ///< how much of each hour of the day was measured, in hours
  FaultCounts faults;               ///< of all matches
  std::uint64_t refused = 0;  ///< parties that the mode does not let queue (max_party_spread), each time they tried
  std::uint64_t ticks = 0;    ///< that were run
  double policy_cpu_ms = 0;
  double virtual_seconds = 0;
  double longest_tick_ms = 0;
  std::size_t most_waiting = 0;  ///< tickets

  double cpu_ms_per_tick() const { return ticks == 0 ? 0 : policy_cpu_ms / static_cast<double>(ticks); }
};

}  // namespace mm::matchmaker::tools
