// The head of a request (request line and header fields), read strictly: whatever two HTTP readers might understand
// differently is refused, because that is how requests are smuggled past a proxy (RFC 9112, 11.2). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/contracts/problem.h"
#include "services/gateway/core/http.h"

namespace mm::gateway {

/// A request that cannot be served as it was sent; the connection closes after the answer.
struct HeadRefusal {
  Code code = Code::malformed_request;
  std::string_view detail;
};

struct Head {
  std::string method;
  std::string target;
  int minor_version = 1;
  HeaderFields headers;
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;
  bool upgrade = false;

  bool has_body() const { return chunked || content_length > 0; }
};

/// Where the head in `bytes` ends: one past its empty line, 0 when more is needed. Refuses what is over the limits or
/// can no longer become a head, as early as that can be known.
Result<std::size_t, HeadRefusal> find_head(std::string_view bytes);

/// RFC 9110, 5.5: visible characters, space, tab, and bytes above 127. No other control characters, so no NUL either.
bool is_field_value(std::string_view text);

/// Adds the field of one line, which has neither CR nor LF, to `fields`.
Result<Done, HeadRefusal> read_field(std::string_view line, HeaderFields& fields);

/// Reads the complete head (as find_head delimited it) and checks everything that does not need a route.
Result<Head, HeadRefusal> parse_head(std::string_view text);

}  // namespace mm::gateway
