// Formats explanations as text for a terminal.
#pragma once

#include <string>
#include <vector>

#include "common/contracts/explain.h"
#include "services/simulator/analysis/claims.h"

namespace mm::simulator {

/// Minutes and seconds, for example "75:03.5".
std::string clock_text(matching::BucketMs at);

/// The summary, then a table of the nearest candidates with each rule's value, limit and margin.
std::string explanation_text(const Explanation& said);

/// Statistics of many explanations: how many were definite, how long they took, how many claims were untrue.
class ExplainFigures {
 public:
  void look(std::size_t waiting);
  void explained(const Explanation& said, double copy_ms, double explain_ms);
  void checked(const std::vector<Claim>& claims);
  std::string text() const;
  int untrue() const { return untrue_; }
  std::size_t tickets() const { return explain_ms_.size(); }

 private:
  int looks_ = 0;
  double waiting_ = 0;
  int matched_ = 0, times_out_ = 0;
  std::vector<double> unknown_from_, explain_ms_, copy_ms_;
  bool checked_ = false;
  int forecasts_ = 0, windows_ = 0, newcomers_ = 0, untrue_ = 0;
};

}  // namespace mm::simulator
