#include "services/gateway/core/router.h"

#include <algorithm>

#include "common/base/id.h"
#include "common/contracts/names.h"

namespace mm::gateway {
namespace {

constexpr std::size_t kNameBytes = 64;

bool is_short_name(std::string_view value) {
  return !value.empty() && value.size() <= kNameBytes && value.front() != '.' &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

// A GET pattern also answers HEAD (RFC 9110, 9.3.2). HttpSession omits the content.
bool answers(std::string_view of_pattern, std::string_view asked) {
  return of_pattern == asked || (of_pattern == "GET" && asked == "HEAD");
}

}  // namespace

bool accepts_parameter(std::string_view name, std::string_view value) {
  if (name.ends_with("_id")) return Uuid::parse(value).has_value();
  if (name == "season") return names::SeasonRule::accepts(value);
  return is_short_name(value);
}

void Router::add(std::string_view method, std::string_view pattern) {
  Pattern made{method, {}, 0};
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const auto end = std::min(pattern.find('/'), pattern.size());
    auto text = pattern.substr(0, end);
    const bool is_parameter = text.starts_with('{');
    if (is_parameter) {
      text = text.substr(1, text.size() - 2);
      ++made.parameters;
    }
    made.segments.push_back({text, is_parameter});
    pattern.remove_prefix(end);
  }
  patterns_.push_back(std::move(made));
}

bool Router::fits(const Pattern& pattern, const std::vector<std::string>& segments) {
  if (pattern.segments.size() != segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& expected = pattern.segments[i];
    const bool fits =
        expected.is_parameter ? accepts_parameter(expected.text, segments[i]) : expected.text == segments[i];
    if (!fits) return false;
  }
  return true;
}

RouteMatch Router::match(std::string_view method, const std::vector<std::string>& segments) const {
  RouteMatch found;
  std::size_t fewest = 0;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const auto& pattern = patterns_[i];
    if (!fits(pattern, segments)) continue;
    if (!answers(pattern.method, method)) {
      found.other_methods.push_back(pattern.method);
      if (pattern.method == "GET") found.other_methods.push_back("HEAD");
    } else if (!found.route || pattern.parameters < fewest) {
      found.route = i;
      fewest = pattern.parameters;
    }
  }
  if (!found.route) return found;
  found.other_methods.clear();
  const auto& segments_of = patterns_[*found.route].segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments_of[i].is_parameter) found.parameters.emplace_back(segments_of[i].text, segments[i]);
  }
  return found;
}

}  // namespace mm::gateway
