#include "src/address.h"

#include <utility>

namespace matchmaker {
namespace {

constexpr std::size_t kMaxBytes = 2048;
constexpr std::size_t kMaxHostBytes = 253;
constexpr int kMaxPort = 65535;
// Error details show at most this many bytes of an address.
constexpr std::size_t kShownBytes = 80;

struct Form {
  const char* plain;   // the scheme without TLS
  const char* secure;  // the scheme with TLS
  bool has_query;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// True for visible ASCII characters except those that RFC 3986 does not allow.
bool is_uri_char(char c) { return c > 0x20 && c < 0x7F && std::string("\"<>\\^`{|}").find(c) == std::string::npos; }

std::string shown(const std::string& text) {
  std::string out;
  for (char c : text.substr(0, kShownBytes)) out += c >= 0x20 && c < 0x7F ? c : '?';
  return text.size() > kShownBytes ? out + "…" : out;
}

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

class Parser {
 public:
  Parser(const std::string& text, Form form) : text_(text), form_(form) {}

  Result<Address> parse() {
    if (text_.empty()) return wrong("it is empty");
    if (text_.size() > kMaxBytes) return wrong("it is too long");
    for (char c : text_) {
      if (!is_uri_char(c)) return wrong("it contains a character that is not allowed in an address");
    }
    const auto after_scheme = text_.find("://");
    const auto scheme = after_scheme == std::string::npos ? std::string() : lower(text_.substr(0, after_scheme));
    if (scheme != form_.plain && scheme != form_.secure) return wrong("it does not begin with a known scheme");
    Address address;
    address.tls = scheme == form_.secure;
    const auto rest = text_.substr(after_scheme + 3);
    const auto end = rest.find_first_of("/?#");
    const auto authority = rest.substr(0, end);
    if (end != std::string::npos) address.path = (rest[end] == '/' ? "" : "/") + rest.substr(end);
    if (const char* why = read_authority(authority, address)) return wrong(why);
    if (const char* why = check_path(address.path)) return wrong(why);
    return address;
  }

 private:
  Error wrong(const std::string& why) const {
    Error error;
    error.kind = ErrorKind::invalid;
    error.code = "invalid_address";
    error.detail = "\"" + shown(text_) + "\" is not a valid address: " + why + "; expected " + form_.plain +
                   "://host:port or " + form_.secure + "://host:port";
    return error;
  }

  static const char* read_authority(const std::string& authority, Address& out) {
    if (authority.find('@') != std::string::npos) return "it contains a user name";
    const bool bracket = !authority.empty() && authority[0] == '[';
    const auto close = bracket ? authority.find(']') : 0;
    if (close == std::string::npos) return "a bracket is not closed";
    const auto colon = authority.find(':', close);
    if (bracket && close + 1 != (colon == std::string::npos ? authority.size() : colon)) {
      return "only a port may follow the closing bracket";
    }
    out.host = bracket ? authority.substr(1, close - 1) : authority.substr(0, colon);
    if (const char* why = bracket ? check_ipv6(out.host) : check_name(out.host)) return why;
    if (colon == std::string::npos) {
      out.port = out.tls ? 443 : 80;
      return nullptr;
    }
    return read_port(authority.substr(colon + 1), out.port);
  }

  static const char* check_name(const std::string& host) {
    if (host.empty()) return "it has no host";
    if (host.size() > kMaxHostBytes) return "its host is too long";
    for (char c : host) {
      if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != '_') {
        return "its host contains a character that is not allowed in a host";
      }
    }
    return nullptr;
  }

  static const char* check_ipv6(const std::string& host) {
    int colons = 0;
    for (char c : host) {
      colons += c == ':' ? 1 : 0;
      if (!is_hex(c) && c != ':' && c != '.') return "the text in brackets is not an IPv6 address";
    }
    return colons < 2 ? "the text in brackets is not an IPv6 address" : nullptr;
  }

  static const char* read_port(const std::string& digits, int& out) {
    if (digits.empty() || digits.size() > 5) return "its port is not 1 to 65535";
    for (char c : digits) {
      if (!is_digit(c)) return "its port is not 1 to 65535";
      out = out * 10 + (c - '0');
    }
    return out < 1 || out > kMaxPort ? "its port is not 1 to 65535" : nullptr;
  }

  const char* check_path(const std::string& path) const {
    if (!form_.has_query && path.find('?') != std::string::npos) return "it has a query";
    if (path.find('#') != std::string::npos) return "it has a fragment";
    for (std::size_t i = 0; i < path.size(); ++i) {
      const bool escape = path[i] == '%';
      if (escape && (i + 2 >= path.size() || !is_hex(path[i + 1]) || !is_hex(path[i + 2]))) {
        return "a percent sign is not followed by two hexadecimal digits";
      }
    }
    return nullptr;
  }

  const std::string& text_;
  const Form form_;
};

}  // namespace

Result<Address> parse_gateway_address(const std::string& text) {
  auto address = Parser(text, {"http", "https", false}).parse();
  while (address && !address->path.empty() && address->path.back() == '/') address.value().path.pop_back();
  return address;
}

Result<Address> parse_socket_address(const std::string& text) { return Parser(text, {"ws", "wss", true}).parse(); }

}  // namespace matchmaker
