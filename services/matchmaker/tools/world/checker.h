// Checks every match that any policy makes, by arithmetic of its own: it shares no code with the matching core, so
// that a mistake there shows here.
#pragma once

#include <cstdint>
#include <functional>

#include "services/matchmaker/tools/policies/policy.h"

namespace mm::matchmaker::tools {

/// What is wrong with one match.
struct Faults {
  bool unknown = false;  ///< names a ticket that does not wait, or a player twice
  bool sizes = false;    ///< not the mode's teams of exactly team_size players
  bool split = false;    ///< a party in two teams, or not all of it there
  bool windows = false;  ///< two tickets further apart than the narrower of their windows
  bool region = false;   ///< a ticket where it may not play, or not yet
  bool late = false;     ///< a ticket whose time was over

  bool any() const { return unknown || sizes || split || windows || region || late; }
};

/// Of a whole simulation, in matches.
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
};

/// How far a ticket accepts others after this wait, in points.
double accepted_gap(const ModeRules& rules, BucketMs waited_ms);

/// `find` gives the waiting ticket of a number, or nullptr.
using FindTicket = std::function<const WaitingTicket*(TicketNumber)>;
Faults check_match(const MadeMatch& match, const Terms& terms, BucketMs now, const FindTicket& find);

}  // namespace mm::matchmaker::tools
