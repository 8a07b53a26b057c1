// Estimates how long a ticket will wait, from recent tickets with ratings near its own: those that were matched, those
// that left without a match, and those that still wait. Without the last two groups the estimate would be too short.
//
// The estimator is that of Kaplan and Meier (1958) for observations that are truncated on the left and censored on the
// right: at each age at which a ticket was matched, the share of tickets still waiting is multiplied by 1 - matched /
// waiting. Both are counted among the tickets observed at that age in the period considered. Near ratings, the same
// party size and the last minutes have more weight. The recency weight applies to an interval of time, not to a ticket:
// weighting tickets by the end of their wait would count long waits more often than short ones.
//
// Worked: tickets were matched after 2, 4 and 6 s, and three others have waited for 5 s so far. At 2 s one of 6 was
// matched: 5/6 wait on. At 4 s one of 5: 2/3. At 6 s the only one left was matched; one more ticket would have waited
// on with probability 1/2: 1/3. So the median is 6 s; from the matched tickets alone it would be 4 s.
//
// Memory: at most kCells cells, each with kEndedPerCell ended tickets of 16 bytes and 2 * kWaitingPerCell waiting
// tickets of 8 bytes: 90 KiB per bucket if all ratings occur. A curve is computed from at most 2 * kCellsEachWay + 1
// cells, so from 2,464 tickets, in about 0.2 ms. Reading a curve is a binary search. One object per bucket; not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/ticket/ticket.h"
#include "services/matchmaker/queue/bucket.h"

namespace mm::matchmaker {

struct WaitEstimate {
  double p50_ms = 0;
  double p90_ms = 0;
};

/// The share of tickets that wait longer than a given age. A value type.
class WaitCurve {
 public:
  /// A curve through two known quantiles.
  static WaitCurve through(const WaitEstimate& known, double longest_ms);
  /// The curve that a mode's rules suggest: the median is half the time in which a window grows to its limit, the 90th
  /// percentile is all of it.
  static WaitCurve expected(const ModeRules& rules);

  /// The remaining wait of a ticket that has waited `waited_ms`; never beyond the mode's longest wait.
  WaitEstimate remaining(double waited_ms) const;

 private:
  friend class WaitEstimates;
  struct Step {
    double age_ms;
    double waiting;  ///< the share of tickets that wait longer than age_ms
  };
  double waiting_at(double age_ms) const;
  double age_at(double waiting) const;

  std::vector<Step> steps_;  ///< falling, never 0; at least one step
  double end_ms_ = 1;        ///< highest observed age; beyond it the share falls as a power of the age
  double longest_ms_ = 0;
  double observed_ = 1e9;  ///< effective number of observed waits
};

/// A sample, of limited size, of the tickets that wait in a queue at one moment.
class WaitingSample {
 public:
  WaitingSample();
  /// Adds a waiting ticket: its rating in points, its number of players, and its wait so far.
  void add(double rating, int size, BucketMs waited_ms);

 private:
  friend class WaitEstimates;
  struct Waiting {
    std::int32_t waited_ms;
    std::uint8_t size;
  };
  struct Cell {
    std::vector<Waiting> kept;
    unsigned stands_for = 1;  ///< number of tickets that each kept one represents
    unsigned skipped = 0;
  };
  std::vector<Cell> cells_;  ///< by rating
};

class WaitEstimates {
 public:
  explicit WaitEstimates(const ModeRules& rules);

  /// Records a matched ticket: its rating in points, its number of players, and its wait.
  void matched(double rating, int size, BucketMs waited_ms, BucketMs at);
  /// Records a ticket that left without a match: it was cancelled or has expired.
  void departed(double rating, int size, BucketMs waited_ms, BucketMs at);
  /// Replaces the sample of waiting tickets. Call about once per second.
  void waiting(WaitingSample sample, BucketMs at);

  /// The curve for tickets of this rating and size.
  WaitCurve curve(double rating, int size, BucketMs now) const;
  WaitEstimate estimate(double rating, int size, BucketMs now, BucketMs waited_ms = 0) const {
    return curve(rating, size, now).remaining(static_cast<double>(waited_ms));
  }
  /// The estimate over all ratings for a ticket that enters now; zeros if there are no recent matches.
  WaitEstimate overall(BucketMs now) const;
  /// The ratings, in steps of kSteps points, and party sizes that occurred in the last ten minutes, sorted.
  struct Kind {
    double rating;
    int size;
    auto operator<=>(const Kind&) const = default;
  };
  std::vector<Kind> kinds(BucketMs now) const;
  static constexpr double kSteps = 200;

  static constexpr int kCells = 36;  ///< each of 100 points, from 0; the outer ones include all ratings beyond
  static constexpr std::size_t kEndedPerCell = 96;
  static constexpr std::size_t kWaitingPerCell = 64;
  static constexpr int kCellsEachWay = 5;

 private:
  struct Sample {
    BucketMs at;  ///< when the wait ended, or when a waiting ticket was last seen
    std::int32_t waited_ms;
    std::uint8_t size;
    bool matched;
  };
  struct Cell {
    std::vector<Sample> ended;  ///< ring buffer
    std::size_t next = 0;
  };
  /// A part of one ticket's wait, between two ages.
  struct Interval {
    double from_ms;
    double to_ms;
    double weight;
    bool matched;  ///< it ended with a match
  };
  class Tally;

  void end(double rating, const Sample& sample);
  void gather(std::size_t cell, int size, double weight, BucketMs now, Tally& tally) const;
  void cut(const Sample& sample, BucketMs known_from, double weight, BucketMs now, Tally& tally) const;

  WaitCurve expected_;
  std::vector<Cell> cells_;  ///< by rating
  WaitingSample waiting_;
  BucketMs began_ = kNotBegun;  ///< nothing is known about the time before
  BucketMs seen_at_ = kNotBegun;
  static constexpr BucketMs kNotBegun = INT64_MIN / 2;
};

}  // namespace mm::matchmaker
