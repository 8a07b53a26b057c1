// Computes which change would match a ticket in the next tick: a wider window, or additional tickets. Each answer is
// verified with plan() itself. There is no answer if the verification takes too much work, or if a ticket that was not
// copied could change it.
#pragma once

#include <optional>

#include "services/matchmaker/matching/explain/forecast.h"
#include "services/matchmaker/matching/explain/neighbourhood.h"

namespace mm::matching {

/// The smallest window found, in hundredths of a point, with which the tick at `at` would match the ticket if every
/// window had exactly this width, whatever the wait (`initial_window` = `max_window` = this value).
std::optional<Rating> window_for_match(const Neighbourhood& around, BucketMs at);

struct NewcomersNeeded {
  int parties = 1;
  int party_size = 1;
  double rating = 0;  ///< rating of each of their players, in points
  Rating within = 0;  ///< no newcomer farther than this from `rating` could be in a match with the ticket in that tick
};

/// The smallest number of one-player tickets found with which the tick at `at` would match the ticket.
std::optional<NewcomersNeeded> newcomers_for_match(const Neighbourhood& around, BucketMs at);

}  // namespace mm::matching
