// Wait estimator: estimates how long tickets wait for a match. The owner of a bucket estimates from the waits it
// observes there. Other instances use what the owner last wrote to the queue for the nearest rating and party size.
// If neither is known, the mode's rules give an estimate. Thread-safe: the tick thread writes, requests read. Only the
// tick thread changes estimates, so it reads them without the lock, and requests do not wait for its computations.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/contracts/matchmaker.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/queue/bucket.h"
#include "services/matchmaker/waits/estimates.h"

namespace mm::matchmaker {

/// A ticket that left a bucket without a match.
struct Departure {
  matching::Rating rating = 0;
  int size = 1;
  BucketMs queued_at = 0;
};

class WaitEstimator {
 public:
  explicit WaitEstimator(const Clock& clock) : clock_(clock) {}

  /// The properties of a ticket that its wait depends on.
  struct Kind {
    double rating = 0;  ///< mean of its players' ratings
    int size = 1;
  };

  void matched(const std::string& bucket, const ModeRules& rules, const Kind& kind, BucketMs waited);
  /// Records the waits of the tickets in an owned bucket, and of those that left it unmatched since the last call.
  void sample_waits(const std::string& bucket, const ModeRules& rules, const matching::Pool& pool,
                    const std::vector<Departure>& departures, BucketMs bucket_now);

  /// The remaining wait of a ticket that has waited for `waited` already.
  WaitEstimate estimate(const std::string& bucket, const ModeRules& rules, const Kind& kind, BucketMs waited) const;
  /// The wait from enqueue to match over all ratings; zeros where nothing is known. Tick thread only.
  WaitEstimate overall(const std::string& bucket) const;
  /// Waits by rating and party size, of an owned bucket; each is at most a few seconds old. Tick thread only.
  std::vector<WaitOfKind> by_kind(const std::string& bucket) const;

  /// Takes over the estimates that the owners of other buckets wrote to the queue.
  void learn(const std::vector<BucketSummary>& summaries);
  void forget(const std::string& bucket);

 private:
  /// Samples are dated by the steady clock of this process: only their age matters.
  BucketMs now() const { return std::chrono::duration_cast<Milliseconds>(clock_.steady().time_since_epoch()).count(); }

  /// A curve is expensive to compute. Ratings are rounded to kRatingStep, and a curve is reused for kCurveLifetime.
  static constexpr double kRatingStep = 50;
  static constexpr BucketMs kCurveLifetime = 1'000;
  static constexpr std::size_t kMaxCachedCurves = 512;
  struct CachedCurve {
    WaitCurve curve;
    BucketMs at = 0;
  };
  struct Own {
    explicit Own(const ModeRules& rules) : estimates(rules) {}
    WaitEstimates estimates;
    std::map<std::pair<int, int>, CachedCurve> curves;  ///< cached curves, by rating step and party size
    // Estimates for other instances, a few computed per call; tick thread only:
    std::vector<WaitEstimates::Kind> kinds;
    std::size_t next = 0;
    std::map<WaitEstimates::Kind, WaitEstimate> exported;
  };
  static constexpr int kMaxExportedPerCall = 4;
  static constexpr std::size_t kMaxExported = 64;
  struct Learnt {
    WaitEstimate overall;
    std::vector<WaitOfKind> by_kind;
  };

  Own* own_of(const std::string& bucket) const;
  void refresh_exported(Own& own) const;
  static WaitEstimate nearest(const Learnt& learnt, double rating, int size);

  const Clock& clock_;
  mutable Mutex mutex_;
  mutable std::unordered_map<std::string, Own> own_;  // the tick thread reads it without the mutex
  std::unordered_map<std::string, Learnt> learnt_ GUARDED_BY(mutex_);
};

WaitEstimator::Kind kind_of(const std::vector<TicketPlayer>& players);

}  // namespace mm::matchmaker
