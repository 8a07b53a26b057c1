// Figures of a run, for all players or for a part of them. Everything is counted per player: a waiting party of five
// counts as five.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/simulator/world/records.h"

namespace mm::simulator {

struct Summary {
  double queueings = 0;      ///< number of players, each time they queued
  double matched_share = 0;  ///< share that was matched; the next two are the shares that were not
  double timed_out_share = 0;
  double gave_up_share = 0;
  // Over all players, including those who left without a match.
  double wait_mean = 0, wait_p50 = 0, wait_p90 = 0, wait_p99 = 0;  ///< seconds
  // Over the matched players.
  double quality_mean = 0, quality_p10 = 0;
  double spread_mean = 0, spread_p90 = 0;    ///< in points
  double team_gap_mean = 0;                  ///< in points
  double latency_mean = 0, latency_p90 = 0;  ///< in milliseconds
};

using Belongs = std::function<bool(const Queueing&)>;
Summary summarise(std::span<const Queueing> queueings, const Belongs& belongs = {});

/// A part of the players, such as "decile 3" or "party of 2".
struct Part {
  std::string kind;  ///< "all", "decile", "party", "hour"
  int number = 0;
  Summary summary;
};

/// All players, then by rating decile, by party size, and by hour; empty parts are left out.
std::vector<Part> summarise_parts(std::span<const Queueing> queueings);

/// "decile 1 (lowest)", "party of 2", "19:00", "everyone".
std::string part_text(const Part& part);

/// One figure of a summary, for code that handles all figures.
struct Figure {
  std::string_view name;    ///< column name in CSV files
  std::string_view header;  ///< column name in tables
  double Summary::*member;
  int decimals;
  int better;  ///< 1: higher is better, -1: lower is better, 0: neither
  double scale = 1;
};
std::span<const Figure> figures();
const Figure& figure(std::string_view name);

/// The weighted quantile: the value below which this share of the weight lies. Sorts its argument. 0 if it is empty.
double quantile(std::vector<std::pair<float, int>>& weighted, double share);

}  // namespace mm::simulator
