// The difference between two sets of rules, for everyone and for each part of the players, and how certain it is.
//
// Both sets are played by the same crowds with the same seeds. So each seed gives one difference, and the interval is
// Student's t for their mean: 95 %, paired.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/matchmaker/tools/report/table.h"
#include "services/matchmaker/tools/world/summary.h"

namespace mm::matchmaker::tools {

struct Estimate {
  double mean = 0;
  double half_width = 0;  ///< infinite with fewer than two seeds
  bool certain() const { return mean - half_width > 0 || mean + half_width < 0; }
};

Estimate estimate(const std::vector<double>& differences);

enum class Fate { gains, loses, trades, same };

/// One part under both sets; differences are the second less the first.
struct Contrast {
  Part part;  ///< kind and number; the summary is the first set's mean over the seeds
  Summary second;
  std::map<std::string_view, Estimate> by_figure;

  Fate fate() const;
};

/// Parts by seed, as summarise_parts gives them. Parts that are not in every one of them are left out.
std::vector<Contrast> contrast(const std::vector<std::vector<Part>>& first,
                               const std::vector<std::vector<Part>>& second);

std::string fate_text(Fate fate);
/// "decile 10 (highest) waits 12.1 s shorter (p90, ± 3.0) and has quality 0.0031 higher (± 0.0011)".
std::string in_words(const Contrast& contrast);
/// A few sentences: everyone, then who gains, who loses, who trades one for the other.
std::vector<std::string> conclusions(const std::vector<Contrast>& contrasts);
Table contrast_table(const std::vector<Contrast>& contrasts, const std::string& kind);

}  // namespace mm::matchmaker::tools
