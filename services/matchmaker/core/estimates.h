// How long a ticket will wait, from what those near its rating went through lately: those who were matched, those who
// gave up, and those who still wait. Leaving the last two out would tell the wait of the lucky.
//
// The estimator is that of Kaplan and Meier (1958) for times that are cut at both ends: at each age at which somebody
// was matched, the share that waits on is multiplied by 1 - matched / waiting, both counted among those who were seen
// at that age in the period looked at. Near ratings, the same party size and the last minutes weigh more. What is
// weighed by recency is a stretch of time, not a ticket: weighing tickets by when their wait ended would count long
// waits more often than short ones.
//
// Worked: tickets were matched after 2, 4 and 6 s, and three have waited for 5 s and wait on. At 2 s one of 6 was
// matched, 5/6 wait on; at 4 s one of 5, 2/3; at 6 s the only one left: of one, the next would have waited on with an
// even chance, 1/3. So the median is 6 s; of those who were matched alone it would be 4 s.
//
// Memory: at most kCells cells of kKept ended tickets of 16 bytes and 2 * kWaitingKept waiting ones of 8: 90 KiB a
// bucket, with ratings from one end to the other. A curve is made of at most 2 * kCellsEachWay + 1 cells, so of 2,464
// tickets: some 0.2 ms; asking one is a binary search. One per bucket; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker {

struct WaitEstimate {
  double p50_ms = 0;
  double p90_ms = 0;
};

/// The share of tickets that wait longer than an age. A value.
class WaitCurve {
 public:
  /// Of which only two quantiles are known.
  static WaitCurve through(const WaitEstimate& known, double longest_ms);
  /// What a mode's rules let expect: half the time a window takes to open, and all of it.
  static WaitCurve expected(const ModeRules& rules);

  /// How much longer a ticket waits that has waited so long; never beyond the mode's longest wait.
  WaitEstimate remaining(double waited_ms) const;

 private:
  friend class WaitEstimates;
  struct Step {
    double age_ms;
    double waiting;  ///< the share that waits longer than that
  };
  double waiting_at(double age_ms) const;
  double age_at(double waiting) const;

  std::vector<Step> steps_;  ///< falling, never to 0; at least one
  double end_ms_ = 1;        ///< the age from which on nothing is known: there the share falls as a power of the age
  double longest_ms_ = 0;
  double observed_ = 1e9;  ///< so many waits made it
};

/// Who waits in a queue at a moment, taken down ticket by ticket: a sample, of bounded size.
class WaitingSample {
 public:
  WaitingSample();
  /// A ticket that waits: its rating in points, its players, what it has waited so far.
  void add(double rating, int size, BucketMs waited_ms);

 private:
  friend class WaitEstimates;
  struct Waiting {
    std::int32_t waited_ms;
    std::uint8_t size;
  };
  struct Cell {
    std::vector<Waiting> kept;
    unsigned stands_for = 1;  ///< so many tickets each
    unsigned skipped = 0;
  };
  std::vector<Cell> cells_;  ///< by rating
};

class WaitEstimates {
 public:
  explicit WaitEstimates(const ModeRules& rules);

  /// A ticket was matched: its rating in points, its players, what it had waited.
  void matched(double rating, int size, BucketMs waited_ms, BucketMs at);
  /// A ticket left without a match: cancelled, or its time was over.
  void left(double rating, int size, BucketMs waited_ms, BucketMs at);
  /// Who waits, every second or so.
  void waiting(WaitingSample sample, BucketMs at);

  /// For tickets of this rating and size.
  WaitCurve curve(double rating, int size, BucketMs now) const;
  WaitEstimate estimate(double rating, int size, BucketMs now, BucketMs waited_ms = 0) const {
    return curve(rating, size, now).remaining(static_cast<double>(waited_ms));
  }
  /// Over all ratings, of those who enter now; zeros without recent matches.
  WaitEstimate overall(BucketMs now) const;
  /// The ratings, in steps of kSteps points, and party sizes of which anything was seen in the last minutes. In order.
  struct Kind {
    double rating;
    int size;
    auto operator<=>(const Kind&) const = default;
  };
  std::vector<Kind> kinds(BucketMs now) const;
  static constexpr double kSteps = 200;

  static constexpr int kCells = 36;  ///< of 100 points, from 0; the outer ones hold what lies beyond
  static constexpr std::size_t kKept = 96;
  static constexpr std::size_t kWaitingKept = 64;
  static constexpr int kCellsEachWay = 5;

 private:
  struct Sample {
    BucketMs at;  ///< when the wait ended; of one that goes on, when it was last seen
    std::int32_t waited_ms;
    std::uint8_t size;
    bool matched;
  };
  struct Cell {
    std::vector<Sample> ended;  ///< a ring
    std::size_t next = 0;
  };
  /// A part of somebody's wait, between two ages.
  struct Stretch {
    double from_ms;
    double to_ms;
    double weight;
    bool matched;  ///< it ended in a match
  };
  class Tally;

  void end(double rating, const Sample& sample);
  void gather(std::size_t cell, int size, double weight, BucketMs now, Tally& tally) const;
  void cut(const Sample& sample, BucketMs known_from, double weight, BucketMs now, Tally& tally) const;

  WaitCurve expected_;
  std::vector<Cell> cells_;  ///< by rating; empty ones hold nothing
  WaitingSample waiting_;
  BucketMs began_ = kNotBegun;  ///< nothing is known of the time before
  BucketMs seen_at_ = kNotBegun;
  static constexpr BucketMs kNotBegun = INT64_MIN / 2;
};

}  // namespace mm::matchmaker
