// Names that games choose: tenant, mode, region, season. A Name has passed the pattern of its kind, so it is safe as a
// NATS token, as a part of a Redis key and as a log value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mm {

namespace names {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct TenantRule {
  static constexpr std::string_view kPattern = "^[a-z0-9_-]{1,32}$";
  static constexpr bool accepts(std::string_view text) {
    if (text.empty() || text.size() > 32) return false;
    for (char c : text) {
      if (!is_lower(c) && !is_digit(c) && c != '_' && c != '-') return false;
    }
    return true;
  }
};

struct ModeRule {
  static constexpr std::string_view kPattern = "^[a-z0-9_]{1,32}$";
  static constexpr bool accepts(std::string_view text) {
    if (text.empty() || text.size() > 32) return false;
    for (char c : text) {
      if (!is_lower(c) && !is_digit(c) && c != '_') return false;
    }
    return true;
  }
};

/// Two letters, a hyphen, letters: `eu-west`. The length is limited to keep Redis keys short.
struct RegionRule {
  static constexpr std::string_view kPattern = "^[a-z]{2}-[a-z]+$";
  static constexpr bool accepts(std::string_view text) {
    if (text.size() < 4 || text.size() > 32 || text[2] != '-') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (i != 2 && !is_lower(text[i])) return false;
    }
    return true;
  }
};

struct SeasonRule {
  static constexpr std::string_view kPattern = "^s[0-9]{1,4}$";
  static constexpr bool accepts(std::string_view text) {
    if (text.size() < 2 || text.size() > 5 || text[0] != 's') return false;
    for (char c : text.substr(1)) {
      if (!is_digit(c)) return false;
    }
    return true;
  }
};

}  // namespace names

template <class Rule>
class Name {
 public:
  static constexpr std::string_view kPattern = Rule::kPattern;

  /// An empty name means "not set". Every parsed name is non-empty.
  Name() = default;

  static std::optional<Name> parse(std::string_view text) {
    if (!Rule::accepts(text)) return std::nullopt;
    return Name(std::string(text));
  }

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  explicit Name(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

using Tenant = Name<names::TenantRule>;
using Mode = Name<names::ModeRule>;
using Region = Name<names::RegionRule>;
using Season = Name<names::SeasonRule>;

inline Tenant default_tenant() { return *Tenant::parse("default"); }
inline Region default_region() { return *Region::parse("eu-west"); }
inline Mode ranked_mode() { return *Mode::parse("ranked"); }

}  // namespace mm

template <class Rule>
struct std::hash<mm::Name<Rule>> {
  std::size_t operator()(const mm::Name<Rule>& name) const noexcept { return std::hash<std::string>{}(name.str()); }
};
