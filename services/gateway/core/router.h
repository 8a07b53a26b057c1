// Which route a method and path mean. Patterns are `/v1/party/{party_id}/join`; a parameter matches only what can be
// its value: `…_id` a canonical UUID, `season` a season, others a short name. So a path with an impossible id is a path
// that does not exist. A literal segment goes before a parameter. A pattern with GET answers HEAD too. Pure; immutable
// after construction.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mm::gateway {

using PathParameters = std::vector<std::pair<std::string, std::string>>;

/// The value could stand for the parameter of that name.
bool accepts_parameter(std::string_view name, std::string_view value);

struct RouteMatch {
  std::optional<std::size_t> route;          ///< index of the pattern, as added
  PathParameters parameters;
  std::vector<std::string_view> other_methods;  ///< of this path, when `route` is none: for Allow
};

class Router {
 public:
  /// The texts must outlive the Router (they are literals of the table of routes).
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
