#include "common/runtime/settings.h"

#include <algorithm>
#include <numeric>

extern char** environ;

namespace mm::runtime {
namespace {

constexpr std::string_view kPrefix = "MM_";

// Levenshtein distance by one row.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

Environment environment() {
  Environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& known) {
  // Longer names leave room for more slips: a third of what follows the prefix, at least two.
  const auto significant = name.size() > kPrefix.size() ? name.size() - kPrefix.size() : 0;
  const auto most = std::max<std::size_t>(2, significant / 3);
  std::optional<std::string> best;
  std::size_t best_distance = most + 1;
  for (const auto& candidate : known) {
    const auto d = distance(name, candidate);
    if (d >= best_distance) continue;
    best = candidate;
    best_distance = d;
  }
  return best;
}

void SettingsReader::refuse_unknown() {
  std::vector<std::string> names;
  for (const auto& setting : known_) names.push_back(setting.name);
  for (const auto& [name, value] : environment_) {
    if (!name.starts_with(kPrefix) || std::find(names.begin(), names.end(), name) != names.end()) continue;
    auto problem = name + " is not a setting";
    if (const auto near = nearest(name, names)) problem += "; did you mean " + *near + "?";
    problems_.push_back(std::move(problem));
  }
}

}  // namespace mm::runtime
