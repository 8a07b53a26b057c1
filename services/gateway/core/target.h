// The request target: path segments and query parameters, percent-decoded strictly. Dot segments are not resolved and
// empty segments not collapsed: a path means exactly one thing, or nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace mm::gateway {

struct Target {
  std::optional<std::string> authority;  ///< of the absolute form, which stands for the Host field then
  std::vector<std::string> segments;  ///< decoded; "/" has one empty segment
  std::vector<std::pair<std::string, std::string>> query;
};

inline constexpr std::size_t kSegmentsMax = 16;
inline constexpr std::size_t kQueryParametersMax = 32;

/// Origin form (`/path?query`) or absolute form (`http://host/path`). The error is a sentence for the client.
Result<Target, std::string_view> parse_target(std::string_view target);

/// Decodes %XX; refuses incomplete escapes, control characters (so NUL) and what is no UTF-8 in the end.
Result<std::string, std::string_view> percent_decode(std::string_view text, bool plus_is_space);

/// Encodes everything but unreserved characters (RFC 3986, 2.3).
std::string percent_encode(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace mm::gateway
