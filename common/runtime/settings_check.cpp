#include "common/runtime/settings_check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "common/base/nearest.h"

namespace mm::runtime {
namespace {

/// Length to which a value is truncated in messages.
constexpr std::size_t kMaxShownBytes = 80;

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

}  // namespace

std::string must_be_one_of(std::string_view text, const std::vector<std::string>& allowed) {
  std::string all;
  for (const auto& name : allowed) all += (all.empty() ? "" : ", ") + name;
  auto near = mm::nearest(text, allowed);
  // A truncated word ("warn") may have a larger edit distance than a typing error.
  for (const auto& name : allowed) {
    if (!near && !text.empty() && name.starts_with(text)) near = name;
  }
  return "it must be one of " + all + (near ? "; the nearest is " + *near : "");
}

std::string must_be_a_number(bool whole, const std::string& text, const fields::InRange* range) {
  std::string out = whole ? "it must be a whole number" : "it must be a number";
  if (range == nullptr) return out;
  out += " from " + number_text(range->min) + " to " + number_text(range->max);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return out;
  const auto near = std::clamp(whole ? std::round(value) : value, range->min, range->max);
  return out + "; the nearest is " + number_text(near);
}

void SettingsCheck::refuse(std::string_view name, std::string_view why) {
  const auto found = environment_.find(std::string(name));
  auto shown = found != environment_.end() ? found->second.substr(0, kMaxShownBytes) : std::string{};
  if (found != environment_.end() && found->second.size() > kMaxShownBytes) shown += "…";
  const auto start = std::string(name) + " is '";
  const auto again = [&](const std::string& problem) { return problem.starts_with(start); };
  if (std::any_of(problems_.begin(), problems_.end(), again)) return;
  problems_.push_back(start + shown + "'; " + std::string(why));
}

void SettingsCheck::refuse_unknown() {
  for (const auto& [name, value] : environment_) {
    if (!name.starts_with("MM_") || std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const auto near = runtime::nearest(name, known_);
    problems_.push_back(name + " is not a setting" + (near ? "; did you mean " + *near + "?" : ""));
  }
}

}  // namespace mm::runtime
