#include "services/matchmaker/tools/contest.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/tools/contrast.h"

namespace mm::matchmaker::tools {
namespace {

std::string percent(double share) { return number_text(share * 100, std::fabs(share) < 0.0995 ? 1 : 0) + " %"; }

/// For example "p90 wait 12 % shorter". quality_words() is alike: "quality 1.2 % lower".
std::string wait_words(double gain) {
  if (std::fabs(gain) <= Duel::kEven) return "same p90 wait";
  return "p90 wait " + percent(std::fabs(gain)) + (gain > 0 ? " shorter" : " longer");
}

std::string quality_words(double gain) {
  if (std::fabs(gain) <= Duel::kEven) return "same quality";
  return "quality " + percent(std::fabs(gain)) + (gain > 0 ? " higher" : " lower");
}

/// Whether the difference is significant over the seeds. Both policies played with the same crowds.
bool certain(const std::vector<double>& first, const std::vector<double>& second) {
  if (first.size() != second.size() || first.size() < 2) return true;
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) differences.push_back(first[i] - second[i]);
  return estimate(differences).certain();
}

}  // namespace

void ScoreKeeper::add(const RunRecord& record) {
  const Summary run = summarise(record.queueings);
  for (const Figure& f : figures()) score_.summary.*f.member += run.*f.member;
  const FaultCounts& faults = record.faults;
  score_.faults.matches += faults.matches;
  score_.faults.faulty += faults.faulty;
  score_.faults.unknown += faults.unknown;
  score_.faults.sizes += faults.sizes;
  score_.faults.split += faults.split;
  score_.faults.windows += faults.windows;
  score_.faults.region += faults.region;
  score_.faults.late += faults.late;
  score_.waits_p90.push_back(run.wait_p90);
  score_.qualities.push_back(run.quality_mean);
  score_.longest_tick_ms = std::max(score_.longest_tick_ms, record.longest_tick_ms);
  cpu_ms_ += record.policy_cpu_ms;
  ticks_ += static_cast<double>(record.ticks);
  ++runs_;
}

Score ScoreKeeper::score() const {
  Score score = score_;
  for (const Figure& f : figures()) score.summary.*f.member /= std::max(1, runs_);
  score.cpu_ms_per_tick = ticks_ > 0 ? cpu_ms_ / ticks_ : 0;
  return score;
}

Duel compare(const Score& first, const Score& second) {
  const Summary& a = first.summary;
  const Summary& b = second.summary;
  Duel duel;
  // A tick is a tenth of a second: shorter waits count as equal.
  constexpr double kLeastWait = 0.1;
  const double wait_a = std::max(a.wait_p90, kLeastWait);
  const double wait_b = std::max(b.wait_p90, kLeastWait);
  duel.wait_gain = wait_a <= wait_b ? 1 - wait_a / wait_b : -(1 - wait_b / wait_a);
  if (b.quality_mean > 0) duel.quality_gain = a.quality_mean / b.quality_mean - 1;
  else if (a.quality_mean > 0) duel.quality_gain = 1;
  duel.certain = certain(first.waits_p90, second.waits_p90) && certain(first.qualities, second.qualities);
  return duel;
}

Table score_table(std::span<const Score> scores) {
  Table table;
  table.header = {"policy",   "wait p50", "p90",     "p99",   "matched", "quality", "spread",
                  "team gap", "faulty",   "windows", "split", "sizes",   "ms/tick", "longest"};
  for (const Score& score : scores) {
    const Summary& s = score.summary;
    table.rows.push_back(
        {score.policy, number_text(s.wait_p50, 1), number_text(s.wait_p90, 1), number_text(s.wait_p99, 1),
         number_text(s.matched_share * 100, 1) + " %", number_text(s.quality_mean, 4), number_text(s.spread_mean, 0),
         number_text(s.team_gap_mean, 1), std::to_string(score.faults.faulty), std::to_string(score.faults.windows),
         std::to_string(score.faults.split), std::to_string(score.faults.sizes + score.faults.unknown),
         number_text(score.cpu_ms_per_tick, 3), number_text(score.longest_tick_ms, 1)});
  }
  return table;
}

std::vector<std::string> verdicts(std::span<const Score> scores) {
  std::vector<std::string> lines;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    const Duel duel = compare(scores[0], scores[i]);
    std::string line = "is about even with ";
    if (duel.second_dominates())
      line = duel.certain ? "LOSES to " : "is about even with (behind, but not significantly) ";
    else if (duel.first_dominates())
      line = duel.certain ? "beats " : "is about even with (ahead, but not significantly) ";
    else if (duel.first_clearly_better_in_one()) line = "is clearly better in one figure than ";
    line += scores[i].policy + ": " + wait_words(duel.wait_gain) + ", " + quality_words(duel.quality_gain);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace mm::matchmaker::tools
