#include "services/matchmaker/matching/search/duels.h"

#include <cstdlib>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::matching {

void Duels::clear() {
  first_.clear();
  second_.clear();
  first_variance_.clear();
  second_variance_.clear();
}

void Duels::add(const Candidate& first, const Candidate& second) {
  first_.push_back(first.rating);
  second_.push_back(second.rating);
  first_variance_.push_back(first.variance());
  second_variance_.push_back(second.variance());
}

// One loop per step, each over contiguous memory without a branch, so that the compiler can vectorise it.
void Duels::evaluate() {
  const std::size_t count = first_.size();
  quality_.resize(count);
  spread_.resize(count);
  advantage_.resize(count);
  const Rating* const first = first_.data();
  const Rating* const second = second_.data();
  const double* const first_variance = first_variance_.data();
  const double* const second_variance = second_variance_.data();
  double* const spread = spread_.data();
  double* const edge = advantage_.data();
  double* const rated = quality_.data();
  for (std::size_t i = 0; i < count; ++i) spread[i] = points(std::abs(first[i] - second[i]));
  for (std::size_t i = 0; i < count; ++i) {
    edge[i] = advantage({points(first[i]), first_variance[i]}, {points(second[i]), second_variance[i]}, 1);
  }
  for (std::size_t i = 0; i < count; ++i) rated[i] = quality(spread[i], edge[i]);
}

}  // namespace mm::matching
