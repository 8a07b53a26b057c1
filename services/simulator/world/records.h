// The results of a simulation: one record per measured queueing, and the cost of the whole run.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "services/matchmaker/matching/ticket/ticket.h"
#include "services/simulator/world/checker.h"

namespace mm::simulator {

enum class Ending : std::uint8_t { waiting, matched, timed_out, gave_up };

/// One stay of a party in the queue, from entering to leaving, and the match it got.
struct Queueing {
  std::uint32_t unit = 0;
  std::uint8_t size = 1;
  std::uint8_t decile = 0;  ///< of its mean rating; 0 is the lowest
  std::uint8_t hour = 0;    ///< hour of the day at which it entered
  Ending ending = Ending::waiting;
  float waited_seconds = 0;
  // Of its match, if it was matched.
  float quality = 0;
  float spread = 0;      ///< in points, highest minus lowest ticket
  float team_gap = 0;    ///< in points, between the mean ratings of the strongest and the weakest team
  float latency_ms = 0;  ///< of its worst-connected member, in the match's region
};

struct RunRecord {
  std::vector<Queueing> queueings;          ///< tickets that entered in the measured time
  std::array<double, 24> measured_hours{};  ///< measured time in each hour of the day, in hours
  FaultCounts faults;                       ///< of all matches
  std::uint64_t refused = 0;                ///< attempts of parties that may not queue because of max_party_spread
  std::uint64_t ticks = 0;                  ///< number of ticks that were run, not skipped
  double policy_cpu_ms = 0;
  double virtual_seconds = 0;
  double longest_tick_ms = 0;
  std::size_t most_waiting = 0;  ///< in tickets

  double cpu_ms_per_tick() const { return ticks == 0 ? 0 : policy_cpu_ms / static_cast<double>(ticks); }
};

}  // namespace mm::simulator
