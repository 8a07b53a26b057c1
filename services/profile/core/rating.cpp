#include "services/profile/core/rating.h"

#include "common/base/result.h"
#include "services/profile/core/elo.h"

namespace mm::profile {

Changes rating_changes(RatingSystem system, const Sides& sides, std::optional<std::size_t> winner) {
  check(sides.size() >= 2, "a match has two sides");
  for (const auto& side : sides) check(!side.empty(), "a side has players");
  switch (system) {
    case RatingSystem::elo: return elo_changes(sides, winner);
  }
  check(false, "a rating system without a rule");
  return {};
}

}  // namespace mm::profile
