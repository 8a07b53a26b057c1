// The quality of a finished match, computed in the same way for all policies.
#pragma once

#include "services/simulator/world/checker.h"

namespace mm::simulator {

struct MatchWorth {
  double quality = 0;   ///< by the platform's formula (core/quality.h)
  double spread = 0;    ///< in points, highest minus lowest ticket
  double team_gap = 0;  ///< in points, between the mean ratings of the strongest and the weakest team
};

/// All tickets of the match must be known to `find`.
MatchWorth worth_of(const MadeMatch& match, const Terms& terms, const FindTicket& find);

}  // namespace mm::simulator
