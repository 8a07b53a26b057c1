// Checks the claims of an explanation with the planner: a forecast must come true at its time and not before, and a
// change that is said to match the ticket in the next tick must do so.
#pragma once

#include <string>
#include <vector>

#include "common/contracts/explain.h"
#include "services/simulator/analysis/standstill.h"

namespace mm::simulator {

struct Claim {
  enum class Kind { forecast, window, newcomers };
  Kind kind = Kind::forecast;
  bool is_true = false;
  std::string finding;  ///< one sentence
};

/// `ends`: the results of playing the queue on, at least until claims_until().
std::vector<Claim> check_claims(const Explanation& explanation, const Standstill& queue,
                                const std::map<TicketId, Standstill::End>& ends);

/// The time until which the queue must be played on to check the forecast.
matching::BucketMs claims_until(const Explanation& explanation, const matching::TickTimes& ticks);

}  // namespace mm::simulator
