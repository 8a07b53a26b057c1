#include "common/runtime/settings.h"

#include <algorithm>

#include "common/base/nearest.h"

extern char** environ;

namespace mm::runtime {
namespace {

constexpr std::string_view kPrefix = "MM_";

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
  return mm::nearest(name, known, kPrefix.size());
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
