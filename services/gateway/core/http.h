// HTTP as the handlers see it: plain structs, no foreign library. Names of header fields are in lower case.
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
inline constexpr std::size_t kTargetBytes = 8 * 1024;
inline constexpr std::size_t kHeaderBytes = 16 * 1024;
inline constexpr std::size_t kHeaderFields = 64;
inline constexpr std::size_t kBodyBytes = 64 * 1024;
}  // namespace http_limits

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

/// The end of a connection that is ours.
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
  std::string peer;  ///< numeric address of the other end of the connection
  LocalEnd local;
  bool upgrade = false;  ///< asks to become a WebSocket

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
  std::string content_type = "application/json";  ///< of a body
  HeaderFields headers;
  std::string body;
  /// Instead of `body`, content that many answers share. Owners: the docs site and the answers under way.
  std::shared_ptr<const std::string> file;
  bool close = false;  ///< the connection cannot go on after this answer

  std::string_view content() const { return file ? std::string_view(*file) : std::string_view(body); }
};

std::string_view reason_phrase(int status);

/// Status line and header fields, ready to be sent before the content.
std::string render_head(const HttpAnswer& answer, bool keep_alive, std::string_view date);

/// RFC 9110 date of a moment given in seconds since the epoch: Sun, 06 Nov 1994 08:49:37 GMT.
std::string http_date(std::int64_t seconds_since_epoch);

}  // namespace mm::gateway
