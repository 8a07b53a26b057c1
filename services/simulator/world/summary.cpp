#include "services/simulator/world/summary.h"

#include <algorithm>
#include <set>

#include "common/base/result.h"

namespace mm::simulator {
namespace {

using Weighted = std::vector<std::pair<float, int>>;

constexpr Figure kFigures[] = {
    {"queueings", "queued", &Summary::queueings, 0, 0},
    {"matched_share", "matched %", &Summary::matched_share, 1, 1, 100},
    {"timed_out_share", "timed out %", &Summary::timed_out_share, 1, -1, 100},
    {"gave_up_share", "gave up %", &Summary::gave_up_share, 1, -1, 100},
    {"wait_mean_s", "wait mean", &Summary::wait_mean, 1, -1},
    {"wait_p50_s", "wait p50", &Summary::wait_p50, 1, -1},
    {"wait_p90_s", "wait p90", &Summary::wait_p90, 1, -1},
    {"wait_p99_s", "wait p99", &Summary::wait_p99, 1, -1},
    {"quality_mean", "quality", &Summary::quality_mean, 4, 1},
    {"quality_p10", "quality p10", &Summary::quality_p10, 4, 1},
    {"spread_mean", "spread", &Summary::spread_mean, 1, -1},
    {"spread_p90", "spread p90", &Summary::spread_p90, 1, -1},
    {"team_gap_mean", "team gap", &Summary::team_gap_mean, 1, -1},
    {"latency_mean_ms", "latency", &Summary::latency_mean, 1, -1},
    {"latency_p90_ms", "latency p90", &Summary::latency_p90, 1, -1},
};

double mean(const Weighted& weighted) {
  double sum = 0;
  double weight = 0;
  for (const auto& [value, players] : weighted) {
    sum += static_cast<double>(value) * players;
    weight += players;
  }
  return weight > 0 ? sum / weight : 0;
}

}  // namespace

double quantile(Weighted& weighted, double share) {
  if (weighted.empty()) return 0;
  std::sort(weighted.begin(), weighted.end());
  double total = 0;
  for (const auto& [value, players] : weighted) total += players;
  double passed = 0;
  for (const auto& [value, players] : weighted) {
    passed += players;
    if (passed >= share * total) return static_cast<double>(value);
  }
  return static_cast<double>(weighted.back().first);
}

Summary summarise(std::span<const Queueing> queueings, const Belongs& belongs) {
  Weighted waits, qualities, spreads, gaps, latencies;
  Summary summary;
  for (const Queueing& queueing : queueings) {
    if (belongs && !belongs(queueing)) continue;
    summary.queueings += queueing.size;
    waits.emplace_back(queueing.waited_seconds, queueing.size);
    if (queueing.ending == Ending::timed_out) summary.timed_out_share += queueing.size;
    if (queueing.ending == Ending::gave_up) summary.gave_up_share += queueing.size;
    if (queueing.ending != Ending::matched) continue;
    summary.matched_share += queueing.size;
    qualities.emplace_back(queueing.quality, queueing.size);
    spreads.emplace_back(queueing.spread, queueing.size);
    gaps.emplace_back(queueing.team_gap, queueing.size);
    latencies.emplace_back(queueing.latency_ms, queueing.size);
  }
  if (summary.queueings <= 0) return summary;
  summary.matched_share /= summary.queueings;
  summary.timed_out_share /= summary.queueings;
  summary.gave_up_share /= summary.queueings;
  summary.wait_mean = mean(waits);
  summary.wait_p50 = quantile(waits, 0.5);
  summary.wait_p90 = quantile(waits, 0.9);
  summary.wait_p99 = quantile(waits, 0.99);
  summary.quality_mean = mean(qualities);
  summary.quality_p10 = quantile(qualities, 0.1);
  summary.spread_mean = mean(spreads);
  summary.spread_p90 = quantile(spreads, 0.9);
  summary.team_gap_mean = mean(gaps);
  summary.latency_mean = mean(latencies);
  summary.latency_p90 = quantile(latencies, 0.9);
  return summary;
}

std::vector<Part> summarise_parts(std::span<const Queueing> queueings) {
  std::vector<Part> parts{{"all", 0, summarise(queueings)}};
  const auto add = [&](const std::string& kind, auto value_of) {
    std::set<int> values;
    for (const Queueing& queueing : queueings) values.insert(value_of(queueing));
    if (values.size() < 2 && kind != "decile") return;
    for (const int value : values) {
      const auto belongs = [&](const Queueing& queueing) { return value_of(queueing) == value; };
      parts.push_back({kind, value, summarise(queueings, belongs)});
    }
  };
  add("decile", [](const Queueing& queueing) { return queueing.decile + 1; });
  add("party", [](const Queueing& queueing) { return int{queueing.size}; });
  add("hour", [](const Queueing& queueing) { return int{queueing.hour}; });
  return parts;
}

std::string part_text(const Part& part) {
  const std::string number = std::to_string(part.number);
  if (part.kind == "decile")
    return "decile " + number + (part.number == 1 ? " (lowest)" : part.number == 10 ? " (highest)" : "");
  if (part.kind == "party") return part.number == 1 ? "alone" : "party of " + number;
  if (part.kind == "hour") return (part.number < 10 ? "0" : "") + number + ":00";
  return "everyone";
}

std::span<const Figure> figures() { return kFigures; }

const Figure& figure(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kFigures), std::end(kFigures), [&](const Figure& f) { return f.name == name; });
  check(found != std::end(kFigures), "a figure is asked for by a name it has");
  return *found;
}

}  // namespace mm::simulator
