// What would have to be otherwise for a ticket to be matched now. Each answer has been tried with plan() itself; where
// trying would take too much, or what was not copied could change it, there is no answer.
#pragma once

#include <optional>

#include "services/matchmaker/core/forecast.h"
#include "services/matchmaker/core/neighbourhood.h"

namespace mm::matchmaker {

/// The least window found, in hundredths of a point, with which the tick at `at` would match the ticket if all windows
/// were exactly that, whatever anybody has waited (`initial_window` = `max_window` = so many points).
std::optional<Rating> window_for_match(const Neighbourhood& around, BucketMs at);

struct Arrivals {
  int parties = 1;
  int party_size = 1;
  double rating = 0;  ///< of each of their players, in points
  Rating within = 0;  ///< from there nobody farther off could be in a match with the ticket in that tick
};

/// The fewest newcomers of one player found with which the tick at `at` would match the ticket.
std::optional<Arrivals> arrivals_for_match(const Neighbourhood& around, BucketMs at);

}  // namespace mm::matchmaker
