#include "services/profile/core/rating.h"

#include "common/base/result.h"
#include "services/profile/core/elo.h"
#include "services/profile/core/glicko2.h"
#include "services/profile/core/margin.h"
#include "services/profile/core/weng_lin.h"

namespace mm::profile {

Sides rate(RatingSystem system, const Sides& before, const MatchOutcome& outcome) {
  check(before.size() >= 2, "a match has two sides");
  for (const auto& side : before) check(!side.empty(), "a side has players");
  const double weight = match_weight(before, outcome);
  switch (system) {
    case RatingSystem::elo: return rate_by_elo(before, outcome, weight);
    case RatingSystem::glicko2: return rate_by_glicko2(before, outcome, weight);
    case RatingSystem::weng_lin: return rate_by_weng_lin(before, outcome, weight);
  }
  check(false, "a rating system without a rule");
  return {};
}

}  // namespace mm::profile
