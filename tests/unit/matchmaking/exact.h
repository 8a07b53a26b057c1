// The best set of matches by trying all of them: the yardstick for the planner, for at most 24 tickets.
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

/// Nothing if there are too many feasible sets to try.
std::optional<ExactAnswer> solve_exactly(const Instance& instance, std::size_t most_sets = 60'000);

/// Every set of tickets that could play one match, as sorted ids. For a dozen tickets.
std::vector<std::vector<TicketId>> feasible_sets(const Instance& instance);

}  // namespace mm::matching::testing
