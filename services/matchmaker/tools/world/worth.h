// What a match turned out to be: how even and how close, for policies that say nothing about it themselves.
#pragma once

#include "services/matchmaker/tools/world/checker.h"

namespace mm::matchmaker::tools {

struct MatchWorth {
  double quality = 0;   ///< the platform's own formula (core/quality.h)
  double spread = 0;    ///< points, highest minus lowest ticket
  double team_gap = 0;  ///< points, between the means of the strongest and the weakest team
};

/// All its tickets must be known.
MatchWorth worth_of(const MadeMatch& match, const Terms& terms, const FindTicket& find);

}  // namespace mm::matchmaker::tools
