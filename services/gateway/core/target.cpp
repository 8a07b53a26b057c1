#include "services/gateway/core/target.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace mm::gateway {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// True for characters that are allowed unencoded in a path or query (RFC 3986, 3.3 and 3.4), and for '%'.
bool may_stand(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || (c != '\0' && std::string_view("-._~!$&'()*+,;=:@/?%").find(c) != std::string_view::npos);
}

// Removes `http://authority` from a target in absolute form and returns the authority. `target` is then in origin form.
std::optional<std::string> take_authority(std::string_view& target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto path = std::min(target.find('/', scheme.size()), target.size());
    const auto authority = target.substr(scheme.size(), path - scheme.size());
    target = path == target.size() ? std::string_view("/") : target.substr(path);
    return std::string(authority);
  }
  return std::nullopt;
}

Result<Done, std::string_view> read_query(std::string_view text, Target& out) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    if (out.query.size() == kMaxQueryParameters) return fail(std::string_view("there are too many query parameters"));
    const auto equals = pair.find('=');
    auto key = percent_decode(pair.substr(0, equals), true);
    if (!key) return fail(key.error());
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!value) return fail(value.error());
    out.query.emplace_back(std::move(*key), std::move(*value));
  }
  return Done{};
}

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80                   ? 0
                             : lead >= 0xC2 && lead < 0xE0 ? 1
                             : (lead & 0xF0) == 0xE0       ? 2
                             : lead >= 0xF0 && lead < 0xF5 ? 3
                                                           : 4;
    if (more == 4 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    const auto second = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0;
    // Refuse overlong forms, surrogates, and code points above U+10FFFF.
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second >= 0x90)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

Result<std::string, std::string_view> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(std::string_view("a percent sign must precede two hexadecimal digits"));
      const auto byte = static_cast<unsigned char>(high * 16 + low);
      if (byte < 0x20 || byte == 0x7F) return fail(std::string_view("the target has an encoded control character"));
      out += static_cast<char>(byte);
      i += 2;
    }
  }
  if (!is_utf8(out)) return fail(std::string_view("the target is not UTF-8"));
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alphanumeric || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

Result<Target, std::string_view> parse_target(std::string_view target) {
  auto authority = take_authority(target);
  for (char c : target) {
    if (!may_stand(c)) return fail(std::string_view("the target has a character that must be encoded"));
  }
  const auto question = target.find('?');
  auto path = target.substr(0, question);
  if (path.empty() || path.front() != '/') return fail(std::string_view("the target has no path"));
  Target out;
  out.authority = std::move(authority);
  while (!path.empty()) {
    path.remove_prefix(1);
    if (out.segments.size() == kMaxSegments) return fail(std::string_view("the path has too many segments"));
    const auto end = path.find('/');
    auto segment = percent_decode(path.substr(0, end), false);
    if (!segment) return fail(segment.error());
    out.segments.push_back(std::move(*segment));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  if (question != std::string_view::npos) {
    if (auto read = read_query(target.substr(question + 1), out); !read) return fail(read.error());
  }
  return out;
}

}  // namespace mm::gateway
