#include "services/gateway/core/head.h"

#include <algorithm>
#include <charconv>

namespace mm::gateway {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
/// Bytes for the method, spaces and version, in addition to the longest target.
constexpr std::size_t kRequestLineExtra = 64;
constexpr std::size_t kMaxMethodBytes = 32;

bool is_token_char(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

Failure<HeadRefusal> refuse_head(std::string_view detail, Code code = Code::malformed_request) {
  return {HeadRefusal{code, detail}};
}

Result<Done, HeadRefusal> read_request_line(std::string_view line, Head& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse_head("the request line must have three parts");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method) || method.size() > kMaxMethodBytes) return refuse_head("the method is not a token");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse_head("only HTTP/1.1 and HTTP/1.0 are supported");
  if (target.empty()) return refuse_head("the request target is missing");
  if (target.size() > http_limits::kMaxTargetBytes) return refuse_head("the target is too long", Code::uri_too_long);
  for (char c : target) {
    if (c <= 0x20 || c >= 0x7F) return refuse_head("the request target has a character that must be encoded");
  }
  head.method = method;
  head.target = target;
  head.minor_version = version.back() - '0';
  return Done{};
}

/// Returns the field with this name, or null. Refuses a second field with the name, with the detail `otherwise`.
Result<const std::string*, HeadRefusal> only(const HeaderFields& fields, std::string_view name,
                                             std::string_view otherwise) {
  const std::string* found = nullptr;
  for (const auto& [key, value] : fields) {
    if (key != name) continue;
    if (found != nullptr) return refuse_head(otherwise);
    found = &value;
  }
  return found;
}

bool is_ipv6_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
  });
}

// Accepts host[:port] and [ipv6][:port], with the characters of a URI's authority without user information. Also
// accepts an IPv6 address without brackets, because the WebSocket client of cpprestsdk sends it.
bool is_host(std::string_view text) {
  if (text.empty() || text.size() > 255 + 6) return false;
  if (std::count(text.begin(), text.end(), ':') > 1 && is_ipv6_text(text)) return true;
  if (const auto colon = text.rfind(':');
      colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    const auto port = text.substr(colon + 1);
    if (port.size() > 5 || !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return false;
    text = text.substr(0, colon);
  }
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    return is_ipv6_text(text.substr(1, text.size() - 2));
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_token_char(c) && std::string_view("#^`|").find(c) == std::string_view::npos;
  });
}

/// True if the comma-separated list of tokens contains `wanted` (in lower case), ignoring case.
bool lists(const std::string* field, std::string_view wanted) {
  if (field == nullptr) return false;
  std::string_view rest = *field;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    if (lower(trimmed(rest.substr(0, comma))) == wanted) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return false;
}

// The length of the body must be given only once, by Content-Length or by the chunked coding.
Result<Done, HeadRefusal> read_framing(Head& head) {
  const auto length = only(head.headers, "content-length", "Content-Length is given twice");
  if (!length) return fail(length.error());
  const auto coding = only(head.headers, "transfer-encoding", "Transfer-Encoding is given twice");
  if (!coding) return fail(coding.error());
  if (*coding != nullptr) {
    if (*length != nullptr) return refuse_head("Content-Length and Transfer-Encoding must not be combined");
    if (head.minor_version == 0) return refuse_head("HTTP/1.0 does not have Transfer-Encoding");
    if (lower(**coding) != "chunked") return refuse_head("the only supported transfer coding is chunked");
    head.chunked = true;
  }
  if (*length != nullptr) {
    const auto& text = **length;
    const bool digits =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return refuse_head("Content-Length is not a number");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), head.content_length);
    if (error != std::errc{}) return refuse_head("the body is too large", Code::payload_too_large);
  }
  if (head.content_length > http_limits::kMaxBodyBytes)
    return refuse_head("the body is too large", Code::payload_too_large);
  return Done{};
}

Result<Done, HeadRefusal> read_connection(Head& head) {
  const auto host = only(head.headers, "host", "Host is given twice");
  if (!host) return fail(host.error());
  if (*host == nullptr || !is_host(**host)) return refuse_head("a valid Host field is required");
  for (const auto name : {"authorization", "content-type", "idempotency-key", "origin", "traceparent"}) {
    const auto field = only(head.headers, name, "a header field that is allowed only once is given twice");
    if (!field) return fail(field.error());
  }
  const auto connection = only(head.headers, "connection", "Connection is given twice");
  if (!connection) return fail(connection.error());
  head.keep_alive = head.minor_version == 1 ? !lists(*connection, "close") : lists(*connection, "keep-alive");
  const auto upgrade = only(head.headers, "upgrade", "Upgrade is given twice");
  if (!upgrade) return fail(upgrade.error());
  head.upgrade = lists(*connection, "upgrade") && lists(*upgrade, "websocket");
  return Done{};
}

Result<Done, HeadRefusal> read_expectations(Head& head) {
  for (const auto& [name, value] : head.headers) {
    if (name == "expect") {
      if (lower(value) != "100-continue") return refuse_head("the only supported expectation is 100-continue");
      head.expects_continue = head.minor_version == 1;
    }
    if (name == "content-encoding" && lower(value) != "identity") {
      return refuse_head("compressed bodies are not supported", Code::unsupported_media_type);
    }
  }
  return Done{};
}

}  // namespace

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
  });
}

Result<Done, HeadRefusal> read_field(std::string_view line, HeaderFields& fields) {
  if (line.front() == ' ' || line.front() == '\t') return refuse_head("a header field is folded over several lines");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refuse_head("a header field has no colon");
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (!is_token(name)) return refuse_head("the name of a header field is not a token");
  if (!is_field_value(value)) return refuse_head("the value of a header field has control characters");
  if (fields.size() >= http_limits::kMaxHeaderFields) {
    return refuse_head("there are too many header fields", Code::headers_too_large);
  }
  fields.emplace_back(lower(name), std::string(value));
  return Done{};
}

Result<std::size_t, HeadRefusal> find_head(std::string_view bytes) {
  const auto line_end = bytes.find(kLineEnd);
  const auto line_length = std::min(line_end, bytes.size());
  if (line_length > http_limits::kMaxTargetBytes + kRequestLineExtra) {
    return refuse_head("the request line is too long", Code::uri_too_long);
  }
  // Bytes that cannot begin a request line are refused at once: a TLS handshake, binary data, a bare line feed.
  const auto method = bytes.substr(0, std::min(bytes.find(' '), line_length));
  if (method.size() > kMaxMethodBytes || (!method.empty() && !is_token(method))) return refuse_head("this is not HTTP");
  if (line_end == std::string_view::npos) {
    if (bytes.find('\n') != std::string_view::npos) return refuse_head("lines must end with CR LF");
    return std::size_t{0};
  }
  const auto end = bytes.find("\r\n\r\n", line_end);
  const auto header_length = std::min(end, bytes.size()) - line_end;
  if (header_length > http_limits::kMaxHeaderBytes)
    return refuse_head("the header is too large", Code::headers_too_large);
  if (end != std::string_view::npos) return end + 4;
  // A bare line feed is refused here already: the empty line that ends the head might never come.
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return refuse_head("lines must end with CR LF");
  }
  return std::size_t{0};
}

Result<Head, HeadRefusal> parse_head(std::string_view text) {
  Head head;
  text.remove_suffix(kLineEnd.size());  // the empty line
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find(kLineEnd);
    const auto line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    if (line.find_first_of("\r\n") != std::string_view::npos) return refuse_head("lines must end with CR LF");
    const auto read = first ? read_request_line(line, head) : read_field(line, head.headers);
    if (!read) return fail(read.error());
    first = false;
  }
  for (const auto check : {read_framing, read_connection, read_expectations}) {
    if (auto checked = check(head); !checked) return fail(checked.error());
  }
  return head;
}

}  // namespace mm::gateway
