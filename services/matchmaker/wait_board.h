// What tickets may expect to wait. The owner of a bucket estimates from what happens in it; other instances say what
// the owner last wrote down for a rating and size like theirs; without either, the mode's rules say. Thread-safe: the
// tick thread writes, requests read. Since nothing but the tick thread changes estimates, it reads them without a lock,
// so that requests wait for no curve of its.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/matchmaker.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/bucket_pool.h"
#include "services/matchmaker/core/estimates.h"

namespace mm::matchmaker {

class WaitBoard {
 public:
  explicit WaitBoard(const Clock& clock) : clock_(clock) {}

  /// A kind of ticket, as far as waiting goes.
  struct Kind {
    double rating = 0;  ///< mean of its players
    int size = 1;
  };

  void matched(const std::string& bucket, const ModeRules& rules, const Kind& kind, BucketMs waited);
  /// Takes down who waits in a bucket of ours, and who left it without a match since the last time.
  void see(BucketPool& bucket, BucketMs bucket_now);

  /// How much longer a ticket waits that has waited so long.
  WaitEstimate estimate(const std::string& bucket, const ModeRules& rules, const Kind& kind, BucketMs waited) const;
  /// Over all ratings, from the start; zeros where nothing is known. On the tick thread.
  WaitEstimate overall(const std::string& bucket) const;
  /// By rating and party size, of a bucket of ours; each a few seconds old at most. On the tick thread.
  std::vector<WaitOfKind> by_kind(const std::string& bucket) const;

  /// What owners elsewhere measured.
  void learn(const std::vector<BucketSummary>& summaries);
  void forget(const std::string& bucket);

 private:
  /// Samples are dated by the process's own clock: only their age matters.
  BucketMs now() const { return std::chrono::duration_cast<Milliseconds>(clock_.steady().time_since_epoch()).count(); }

  /// Curves are worth what they cost only now and then: ratings are rounded to kRatingStep, and what was found for
  /// one is said again for kSaidFor.
  static constexpr double kRatingStep = 50;
  static constexpr BucketMs kSaidFor = 1'000;
  static constexpr std::size_t kSaidMost = 512;
  struct Said {
    WaitCurve curve;
    BucketMs at = 0;
  };
  struct Own {
    explicit Own(const ModeRules& rules) : estimates(rules) {}
    WaitEstimates estimates;
    std::map<std::pair<int, int>, Said> said;  ///< by step of the rating, and size
    // For other instances, a few curves each time; of the tick thread alone:
    std::vector<WaitEstimates::Kind> kinds;
    std::size_t next = 0;
    std::map<WaitEstimates::Kind, WaitEstimate> told;
  };
  static constexpr int kToldAtOnce = 4;
  static constexpr std::size_t kToldMost = 64;
  struct Learnt {
    WaitEstimate overall;
    std::vector<WaitOfKind> by_kind;
  };

  Own* own_of(const std::string& bucket) const;
  void tell_some(Own& own) const;
  static WaitEstimate nearest(const Learnt& learnt, double rating, int size);

  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, Own> own_;
  std::unordered_map<std::string, Learnt> learnt_;
};

WaitBoard::Kind kind_of(const std::vector<TicketPlayer>& players);

}  // namespace mm::matchmaker
