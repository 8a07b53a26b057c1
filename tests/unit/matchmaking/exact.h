// Finds the best set of matches by exhaustive search, as the reference for the planner. For at most 24 tickets.
#pragma once

#include <optional>
#include <vector>

#include "tests/unit/matchmaking/instance.h"

namespace mm::matching::testing {

struct ExactAnswer {
  double utility = 0;
  std::size_t matches = 0;
  std::size_t feasible_sets = 0;
};

/// Returns no value if there are more than `most_sets` candidate sets, or if the search takes too many steps.
std::optional<ExactAnswer> solve_exactly(const Instance& instance, std::size_t most_sets = 60'000);

/// Every set of tickets that could form one match, as sorted ids. Fast enough for a dozen tickets.
std::vector<std::vector<TicketId>> feasible_sets(const Instance& instance);

}  // namespace mm::matching::testing
