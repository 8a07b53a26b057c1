#include "common/runtime/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "common/base/nearest.h"

extern char** environ;

namespace mm::runtime {
namespace {

constexpr std::string_view kPrefix = "MM_";
/// Of a value in a message; a list of hundred addresses need not be repeated.
constexpr std::size_t kShownBytes = 80;

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
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
  return mm::nearest(name, known, kPrefix.size());
}

std::string one_of(std::string_view text, const std::vector<std::string>& allowed) {
  std::string all;
  for (const auto& name : allowed) all += (all.empty() ? "" : ", ") + name;
  auto out = "it must be one of " + all;
  auto near = mm::nearest(text, allowed);
  // A word that was cut short ("warn") may be further away than a typing error.
  for (const auto& name : allowed) {
    if (!near && !text.empty() && name.starts_with(text)) near = name;
  }
  if (near) out += "; the nearest is " + *near;
  return out;
}

std::string SettingsReader::number(bool whole, const std::string& text, const fields::InRange* range) {
  std::string out = whole ? "it must be a whole number" : "it must be a number";
  if (range == nullptr) return out;
  out += " from " + number_text(range->min) + " to " + number_text(range->max);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return out;
  const auto near = std::clamp(whole ? std::round(value) : value, range->min, range->max);
  return out + "; the nearest is " + number_text(near);
}

void SettingsReader::refuse(std::string_view name, std::string_view why) {
  const auto found = environment_.find(std::string(name));
  auto shown = found != environment_.end() ? found->second.substr(0, kShownBytes) : std::string{};
  if (found != environment_.end() && found->second.size() > kShownBytes) shown += "…";
  const auto start = std::string(name) + " is '";
  const auto again = [&](const std::string& problem) { return problem.starts_with(start); };
  if (std::any_of(problems_.begin(), problems_.end(), again)) return;
  problems_.push_back(start + shown + "'; " + std::string(why));
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
