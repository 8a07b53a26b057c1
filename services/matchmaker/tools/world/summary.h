// What a run was like for its players, as a whole or for a part of them. Everything is counted per player: a party of
// five that waits is five people waiting.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/matchmaker/tools/world/records.h"

namespace mm::matchmaker::tools {

struct Summary {
  double queueings = 0;      ///< players, each time they queued
  double matched_share = 0;  ///< of them; the others …
  double timed_out_share = 0;
  double gave_up_share = 0;
  // Of everyone, those who left without a match too: they waited as long as they waited.
  double wait_mean = 0, wait_p50 = 0, wait_p90 = 0, wait_p99 = 0;  ///< seconds
  // Of those who were matched.
  double quality_mean = 0, quality_p10 = 0;
  double spread_mean = 0, spread_p90 = 0;    ///< points
  double team_gap_mean = 0;                  ///< points
  double latency_mean = 0, latency_p90 = 0;  ///< milliseconds
};

using Belongs = std::function<bool(const Queueing&)>;
Summary summarise(std::span<const Queueing> queueings, const Belongs& belongs = {});

/// A part of the players, such as "decile 3" or "party of 2".
struct Part {
  std::string kind;  ///< "all", "decile", "party", "hour"
  int number = 0;
  Summary summary;
};

/// Everyone, then by decile of rating, by party size, and by hour; parts in which nobody is are left out.
std::vector<Part> summarise_parts(std::span<const Queueing> queueings);

/// "decile 1 (lowest)", "party of 2", "19:00", "everyone".
std::string part_text(const Part& part);

/// One figure of a summary, for tables that are about all of them.
struct Figure {
  std::string_view name;    ///< as in the CSV
  std::string_view header;  ///< as in tables
  double Summary::*member;
  int decimals;
  int better;  ///< 1: more is better, -1: less is, 0: neither
  double scale = 1;
};
std::span<const Figure> figures();
const Figure& figure(std::string_view name);

/// The value below which this share of the weighted values lies; they get sorted. 0 if there are none.
double quantile(std::vector<std::pair<float, int>>& weighted, double share);

}  // namespace mm::matchmaker::tools
