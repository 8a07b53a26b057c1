// Checks every match of every policy with separate arithmetic. It shares no code with the matching core, so that it
// detects mistakes there.
#pragma once

#include <cstdint>
#include <functional>

#include "services/simulator/policies/policy.h"

namespace mm::simulator {

/// The faults of one match.
struct Faults {
  bool unknown = false;  ///< it names a ticket that does not wait, or a player twice
  bool sizes = false;    ///< it has not the mode's number of teams with exactly team_size players
  bool split = false;    ///< a party is in two teams, or incomplete
  bool windows = false;  ///< two tickets are further apart than the narrower of their windows
  bool region = false;   ///< a ticket may not play in this region, or not yet
  bool late = false;     ///< a ticket's deadline had passed

  bool any() const { return unknown || sizes || split || windows || region || late; }
};

/// The number of matches with each fault, in a whole simulation.
struct FaultCounts {
  std::uint64_t matches = 0;
  std::uint64_t faulty = 0;
  std::uint64_t unknown = 0;
  std::uint64_t sizes = 0;
  std::uint64_t split = 0;
  std::uint64_t windows = 0;
  std::uint64_t region = 0;
  std::uint64_t late = 0;

  void add(const Faults& faults);
  FaultCounts& operator+=(const FaultCounts& other);
};

/// The rating distance that a ticket accepts after this wait, in points.
double accepted_gap(const ModeRules& rules, matching::BucketMs waited_ms);

/// Returns the waiting ticket with this number, or nullptr.
using FindTicket = std::function<const WaitingTicket*(TicketNumber)>;
Faults check_match(const MadeMatch& match, const Terms& terms, matching::BucketMs now, const FindTicket& find);

}  // namespace mm::simulator
