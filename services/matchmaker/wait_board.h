// What new tickets may expect to wait. The owner of a bucket estimates from its own matches; other instances say what
// the owner last wrote down; without either, the mode's rules say. Thread-safe: the tick thread writes, requests read.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/matchmaker.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/core/estimates.h"

namespace mm::matchmaker {

class WaitBoard {
 public:
  explicit WaitBoard(const Clock& clock) : clock_(clock) {}

  void record(const std::string& bucket, const ModeRules& rules, double rating, BucketMs waited);
  WaitEstimate estimate(const std::string& bucket, const ModeRules& rules, double rating) const;
  WaitEstimate overall(const std::string& bucket) const;

  /// What owners elsewhere measured.
  void learn(const std::vector<BucketSummary>& summaries);
  void forget(const std::string& bucket);

 private:
  /// Samples are dated by the process's own clock: only their age matters.
  BucketMs now() const {
    return std::chrono::duration_cast<Milliseconds>(clock_.steady().time_since_epoch()).count();
  }

  /// Estimates are worth what they cost only now and then: ratings are rounded to kRatingStep, and what was said for
  /// one is said again for kSaidFor.
  static constexpr double kRatingStep = 50;
  static constexpr BucketMs kSaidFor = 500;
  struct Said {
    WaitEstimate estimate;
    BucketMs at = 0;
  };
  struct Own {
    explicit Own(const ModeRules& rules) : estimates(rules) {}
    WaitEstimates estimates;
    std::unordered_map<int, Said> said;
  };

  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, Own> own_;
  std::unordered_map<std::string, WaitEstimate> learnt_;
};

}  // namespace mm::matchmaker
