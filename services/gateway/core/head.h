// Parses the head of a request (request line and header fields). Parsing is strict: anything that two HTTP parsers
// might interpret differently is refused, to prevent request smuggling through a proxy (RFC 9112, 11.2). Pure.
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

/// Why a request cannot be parsed. The connection is closed after the answer.
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

/// Returns the length of the head in `bytes`, including its empty line, or 0 if the head is not complete yet. Refuses
/// bytes that exceed the limits or cannot be the start of a head, as early as possible.
Result<std::size_t, HeadRefusal> find_head(std::string_view bytes);

/// RFC 9110, 5.5: visible characters, space, tab, and bytes above 127. Other control characters, including NUL, are
/// refused.
bool is_field_value(std::string_view text);

/// Parses one header line without its CR LF and appends the field to `fields`.
Result<Done, HeadRefusal> read_field(std::string_view line, HeaderFields& fields);

/// Parses a complete head, whose end find_head has found, and checks everything that does not depend on the route.
Result<Head, HeadRefusal> parse_head(std::string_view text);

}  // namespace mm::gateway
