// The score of a policy on a population, and the comparison of two scores.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "services/simulator/report/csv.h"
#include "services/simulator/report/table.h"
#include "services/simulator/world/summary.h"

namespace mm::simulator {

/// Means over the seeds; the two figures that decide a comparison are also kept per seed.
struct Score {
  std::string policy;
  Summary summary;
  FaultCounts faults;  ///< sum over all seeds
  double cpu_ms_per_tick = 0;
  double longest_tick_ms = 0;
  std::vector<double> waits_p90;
  std::vector<double> qualities;
};

/// Accumulates the runs of one policy with different seeds.
class ScoreKeeper {
 public:
  explicit ScoreKeeper(std::string policy) { score_.policy = std::move(policy); }
  void add(const RunRecord& record);
  Score score() const;

 private:
  Score score_;
  double cpu_ms_ = 0;
  double ticks_ = 0;
  int runs_ = 0;
};

/// Comparison of two policies on one population. Two figures matter to players: a short wait (the p90 wait, which nine
/// in ten stay below) and a good match (mean quality).
struct Comparison {
  double wait_gain = 0;     ///< relative reduction of the first one's p90 wait against the second's
  double quality_gain = 0;  ///< relative increase of its mean quality
  bool certain = true;  ///< both differences are significant (95 %, paired over the seeds); always true with one seed
  bool first_dominates() const { return wait_gain > kEven && quality_gain > kEven; }
  bool second_dominates() const { return wait_gain < -kEven && quality_gain < -kEven; }
  bool first_clearly_better_in_one() const { return wait_gain >= kClear || quality_gain >= kClear; }

  static constexpr double kEven = 0.001;  ///< smaller differences count as none
  static constexpr double kClear = 0.1;
};
Comparison compare(const Score& first, const Score& second);

Table score_table(std::span<const Score> scores);
Csv::Row score_columns();
Csv::Row score_row(const std::string& population, const Score& score);
/// One line for each other score: how the first score compares with it.
std::vector<std::string> verdicts(std::span<const Score> scores);

}  // namespace mm::simulator
