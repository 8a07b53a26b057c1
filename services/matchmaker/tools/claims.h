// What an explanation claims, held against the planner: a forecast must come true at its time and not before, and what
// is said to have a ticket matched now must.
#pragma once

#include <string>
#include <vector>

#include "common/contracts/explain.h"
#include "services/matchmaker/tools/standstill.h"

namespace mm::matchmaker::tools {

struct Claim {
  enum class Kind { forecast, window, newcomers };
  Kind kind = Kind::forecast;
  bool is_true = false;
  std::string finding;  ///< a sentence
};

/// `ends`: what became of everybody in a queue that was played on, at least as far as claims_until() says.
std::vector<Claim> check_claims(const Explanation& said, const Standstill& queue,
                                const std::map<TicketId, Standstill::End>& ends);

/// How far the queue must be played on for a forecast.
BucketMs claims_until(const Explanation& said, const TickTimes& ticks);

}  // namespace mm::matchmaker::tools
