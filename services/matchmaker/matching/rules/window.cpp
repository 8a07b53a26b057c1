#include "services/matchmaker/matching/rules/window.h"

#include <algorithm>
#include <cmath>

namespace mm::matching {
namespace {

std::int64_t whole_ms(double seconds) { return std::max<std::int64_t>(1, std::llround(seconds * 1000)); }

}  // namespace

Window::Window(const ModeRules& rules)
    : initial_(rating_of(rules.initial_window)),
      growth_(std::max<std::int64_t>(0, rating_of(rules.max_window) - initial_)),
      step_(growth_),
      step_ms_(whole_ms(rules.widen_seconds)),
      linear_(rules.widen == Widening::linear) {
  if (!rules.use_rating) {
    initial_ = kUnlimited;
    growth_ = step_ = 0;
  } else if (!linear_) {
    step_ = rating_of(rules.step_points);
    step_ms_ = whole_ms(rules.step_seconds);
  }
}

Rating Window::at(BucketMs waited_ms) const {
  const BucketMs waited = std::max<BucketMs>(0, waited_ms);
  if (growth_ == 0) return static_cast<Rating>(initial_);
  const std::int64_t grown =
      linear_ ? growth_ * std::min(waited, step_ms_) / step_ms_ : std::min(growth_, step_ * (waited / step_ms_));
  return static_cast<Rating>(initial_ + grown);
}

BucketMs Window::reaches(Rating gap) const {
  const std::int64_t missing = gap - initial_;
  if (missing <= 0) return 0;
  if (missing > growth_ || step_ == 0) return kNever;
  if (linear_) return (missing * step_ms_ + growth_ - 1) / growth_;
  return (missing + step_ - 1) / step_ * step_ms_;
}

double window_points(const ModeRules& rules, BucketMs waited_ms) { return points(Window(rules).at(waited_ms)); }

}  // namespace mm::matching
