#include "services/simulator/analysis/contest.h"

#include <algorithm>
#include <cmath>

#include "services/simulator/analysis/contrast.h"

namespace mm::simulator {
namespace {

std::string percent(double share) { return number_text(share * 100, std::fabs(share) < 0.0995 ? 1 : 0) + " %"; }

/// For example "p90 wait 12 % shorter". quality_words() is alike: "quality 1.2 % lower".
std::string wait_words(double gain) {
  if (std::fabs(gain) <= Comparison::kEven) return "same p90 wait";
  return "p90 wait " + percent(std::fabs(gain)) + (gain > 0 ? " shorter" : " longer");
}

std::string quality_words(double gain) {
  if (std::fabs(gain) <= Comparison::kEven) return "same quality";
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
  score_.faults += record.faults;
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

Comparison compare(const Score& first, const Score& second) {
  const Summary& a = first.summary;
  const Summary& b = second.summary;
  Comparison duel;
  // A tick is a tenth of a second: shorter waits count as equal.
  constexpr double kMinWait = 0.1;
  const double wait_a = std::max(a.wait_p90, kMinWait);
  const double wait_b = std::max(b.wait_p90, kMinWait);
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
    const Comparison duel = compare(scores[0], scores[i]);
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

Csv::Row score_columns() {
  Csv::Row row{"population", "policy"};
  for (const Figure& f : figures()) row.emplace_back(f.name);
  for (const char* name : {"matches", "faulty", "windows", "split", "sizes", "unknown", "region", "late",
                           "cpu_ms_per_tick", "longest_tick_ms"}) {
    row.emplace_back(name);
  }
  return row;
}

Csv::Row score_row(const std::string& population, const Score& score) {
  Csv::Row row{population, score.policy};
  for (const Figure& f : figures()) row.push_back(exact_text(score.summary.*f.member));
  const FaultCounts& faults = score.faults;
  for (const std::uint64_t count : {faults.matches, faults.faulty, faults.windows, faults.split, faults.sizes,
                                    faults.unknown, faults.region, faults.late}) {
    row.push_back(std::to_string(count));
  }
  row.push_back(exact_text(score.cpu_ms_per_tick));
  row.push_back(exact_text(score.longest_tick_ms));
  return row;
}

}  // namespace mm::simulator
