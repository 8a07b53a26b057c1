// Finds the route of a method and path. Patterns look like `/v1/party/{party_id}/join`. A parameter matches only a
// value of its kind: `…_id` a canonical UUID, `season` a season, others a short name; a path with an invalid id
// therefore matches no route. The pattern with the fewest parameters is preferred. A pattern with GET also matches
// HEAD. Pure; immutable after all patterns were added.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mm::gateway {

using PathParameters = std::vector<std::pair<std::string, std::string>>;

/// True if `value` is a possible value of the parameter `name`.
bool accepts_parameter(std::string_view name, std::string_view value);

struct RouteMatch {
  std::optional<std::size_t> route;  ///< index of the pattern, in the order of `add`
  PathParameters parameters;
  std::vector<std::string_view> other_methods;  ///< if `route` is empty: the methods of this path, for the Allow field
};

class Router {
 public:
  /// The texts must outlive the Router (they are string literals in the table of routes).
  void add(std::string_view method, std::string_view pattern);

  RouteMatch match(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  struct Segment {
    std::string_view text;
    bool is_parameter;
  };
  struct Pattern {
    std::string_view method;
    std::vector<Segment> segments;
    std::size_t parameters = 0;
  };

  static bool fits(const Pattern& pattern, const std::vector<std::string>& segments);

  std::vector<Pattern> patterns_;
};

}  // namespace mm::gateway
