// Parses the request target into decoded path segments and query parameters. Percent-decoding is strict. Dot segments
// are not resolved and empty segments are not collapsed, so that each path has exactly one meaning. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace mm::gateway {

struct Target {
  std::optional<std::string> authority;  ///< set for the absolute form; checked in addition to the Host field
  std::vector<std::string> segments;     ///< decoded; "/" has one empty segment
  std::vector<std::pair<std::string, std::string>> query;
};

inline constexpr std::size_t kMaxSegments = 16;
inline constexpr std::size_t kMaxQueryParameters = 32;

/// Parses the origin form (`/path?query`) or absolute form (`http://host/path`). The error is a problem detail.
Result<Target, std::string_view> parse_target(std::string_view target);

/// Decodes %XX. Refuses incomplete escapes, encoded control characters (including NUL), and a result that is not UTF-8.
Result<std::string, std::string_view> percent_decode(std::string_view text, bool plus_is_space);

/// Encodes all bytes except unreserved characters (RFC 3986, 2.3).
std::string percent_encode(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace mm::gateway
