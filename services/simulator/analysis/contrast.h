// The difference between two sets of rules, for all players and for each part of them, and how certain it is.
//
// Both sets are played by the same crowds with the same seeds. So each seed gives one difference, and the interval is
// the 95 % interval of their mean by Student's t (paired).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/simulator/report/table.h"
#include "services/simulator/world/summary.h"

namespace mm::simulator {

struct Estimate {
  double mean = 0;
  double half_width = 0;  ///< of the 95 % interval; infinite with fewer than two seeds
  bool certain() const { return mean - half_width > 0 || mean + half_width < 0; }
};

Estimate estimate(const std::vector<double>& differences);

enum class Effect { gains, loses, trades, same };

/// One part of the players under both sets of rules. Differences are the second set minus the first.
struct Contrast {
  Part part;  ///< kind and number; its summary is the mean of the first set over the seeds
  Summary second;
  std::map<std::string_view, Estimate> by_figure;

  Effect fate() const;
};

/// Input: parts per seed, from summarise_parts. Parts that are missing for some seed are left out.
std::vector<Contrast> contrast(const std::vector<std::vector<Part>>& first,
                               const std::vector<std::vector<Part>>& second);

std::string fate_text(Effect fate);
/// For example "decile 10 (highest): p90 wait 12.1 s shorter (± 3.0) and quality 0.0031 higher (± 0.0011)".
std::string in_words(const Contrast& contrast);
/// A few sentences: first about everyone, then who gains, who loses, who gains in one figure and loses in another.
std::vector<std::string> conclusions(const std::vector<Contrast>& contrasts);
Table contrast_table(const std::vector<Contrast>& contrasts, const std::string& kind);

}  // namespace mm::simulator
