// Conversion between Problem and its JSON form (application/problem+json, RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "common/contracts/problem.h"

namespace mm::wire {

std::string encode_problem(const Problem& problem, std::string_view trace_id);

/// Reads a problem object from another daemon. Text that is not a problem object becomes internal_error.
Problem decode_problem(std::string_view text);

}  // namespace mm::wire
