// Prints what the checks found: as text for people, and as JSON for scripts.
#pragma once

#include <ostream>
#include <vector>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {

struct Finding {
  const Invariant* invariant = nullptr;
  Verdict verdict;
};

/// Runs every check, in the order of the table.
std::vector<Finding> check_all(const Run& run);

bool any_violated(const std::vector<Finding>& findings);

/// One line per invariant, then the first kShown violations of each with the lines that prove them.
inline constexpr std::size_t kShown = 5;
void print_text(const Run& run, const std::vector<Finding>& findings, std::ostream& out);
void print_json(const Run& run, const std::vector<Finding>& findings, std::ostream& out);

}  // namespace mm::chaos
