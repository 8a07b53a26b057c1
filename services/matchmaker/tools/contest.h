// The score of a policy on a population, and who beats whom.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "services/matchmaker/tools/report/table.h"
#include "services/matchmaker/tools/world/summary.h"

namespace mm::matchmaker::tools {

/// Means over the seeds, and the two figures that decide by seed.
struct Score {
  std::string policy;
  Summary summary;
  FaultCounts faults;  ///< of all seeds together
  double cpu_ms_per_tick = 0;
  double longest_tick_ms = 0;
  std::vector<double> waits_p90;
  std::vector<double> qualities;
};

/// Adds up runs of one policy with different seeds.
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

/// How two policies stand to each other on one population. What a player has of a matchmaker is two things: that it is
/// over soon (the wait that nine in ten stay below) and that the match is good (mean quality).
struct Duel {
  double wait_gain = 0;     ///< by which share the first one's p90 wait is shorter than the second's
  double quality_gain = 0;  ///< by which share its quality is higher
  bool certain = true;      ///< both differences are, over the seeds (95 %, paired); with one seed this says nothing
  bool first_dominates() const { return wait_gain > kEven && quality_gain > kEven; }
  bool second_dominates() const { return wait_gain < -kEven && quality_gain < -kEven; }
  bool first_clearly_better_in_one() const { return wait_gain >= kClear || quality_gain >= kClear; }

  static constexpr double kEven = 0.001;  ///< less is no difference
  static constexpr double kClear = 0.1;
};
Duel compare(const Score& first, const Score& second);

Table score_table(std::span<const Score> scores);
/// What the first is to each of the others, a line each.
std::vector<std::string> verdicts(std::span<const Score> scores);

}  // namespace mm::matchmaker::tools
