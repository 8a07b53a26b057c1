// How long a new ticket will probably wait, from how long those matched lately near its rating did. One per bucket;
// not thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker {

struct WaitEstimate {
  double p50_ms = 0;
  double p90_ms = 0;
};

class WaitEstimates {
 public:
  explicit WaitEstimates(const ModeRules& rules);

  /// One matched ticket: its rating in points, what it had waited, and when it was matched.
  void record(double rating, BucketMs waited_ms, BucketMs matched_at);

  /// For a ticket that would enter now. Without recent data it says what the mode's rules let expect: half the time
  /// the window takes to open, and all of it. Never more than the mode's longest wait.
  WaitEstimate estimate(double rating, BucketMs now) const;
  /// Over all ratings; zeros without recent data.
  WaitEstimate overall(BucketMs now) const;

 private:
  struct Sample {
    float rating;
    float waited_ms;
    BucketMs matched_at;
  };
  static constexpr std::size_t kKept = 1024;

  double expected_ms_;
  double longest_ms_;
  std::vector<Sample> ring_;
  std::size_t next_ = 0;
};

}  // namespace mm::matchmaker
