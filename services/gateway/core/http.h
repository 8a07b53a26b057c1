// HTTP requests and answers as plain structs, independent of the HTTP library. In requests, the names of header fields
// are in lower case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mm::gateway {

namespace http_limits {
inline constexpr std::size_t kMaxTargetBytes = 8 * 1024;
inline constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
inline constexpr std::size_t kMaxHeaderFields = 64;
inline constexpr std::size_t kMaxBodyBytes = 64 * 1024;
}  // namespace http_limits

/// The text with ASCII letters in lower case.
std::string lower(std::string_view text);

/// The text without spaces and tabs at its ends.
std::string_view trimmed(std::string_view text);

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

/// The local end of a connection.
struct LocalEnd {
  std::string address;  ///< numeric
  int port = 0;
  bool tls = false;
};

struct HttpRequest {
  std::string method;
  std::string target;  ///< as sent, not decoded
  int minor_version = 1;
  HeaderFields headers;
  std::string body;
  std::string peer;  ///< numeric address of the remote end of the connection
  LocalEnd local;
  bool upgrade = false;  ///< the client requests an upgrade to WebSocket

  /// The first field of that name, or null.
  const std::string* header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";  ///< sent only if there is content
  HeaderFields headers;
  std::string body;
  /// If set, the content, shared by many answers; `body` is not used. Owners: the docs site and the answers being sent.
  std::shared_ptr<const std::string> file;
  bool close = false;  ///< close the connection after this answer

  std::string_view content() const { return file ? std::string_view(*file) : std::string_view(body); }
};

std::string_view reason_phrase(int status);

/// The status line and header fields of an answer, including the empty line before the content.
std::string render_head(const HttpAnswer& answer, bool keep_alive, std::string_view date);

/// Formats a time in seconds since the epoch as in RFC 9110: Sun, 06 Nov 1994 08:49:37 GMT.
std::string http_date(std::int64_t seconds_since_epoch);

}  // namespace mm::gateway
