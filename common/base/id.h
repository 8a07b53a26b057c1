// Strong identifier types: a PlayerId cannot be used as a TicketId. All ids are UUIDs (RFC 9562). The ids that this
// platform issues are version 7, so they sort by time of issue. On the wire: 36 lower-case characters.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace mm {

/// 16 bytes in network order. Comparison is bytewise, which for version 7 orders by time of issue.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  bool is_nil() const { return *this == Uuid{}; }
  int version() const { return bytes[6] >> 4; }

  /// Milliseconds since the epoch from a version 7 UUID. Meaningless for other versions.
  TimePoint issued_at() const;

  /// Accepts only the canonical form: 36 characters, hyphens at 8, 13, 18, 23, lower-case hex.
  static std::optional<Uuid> parse(std::string_view text);
  std::string to_string() const;
};

/// A new version 7 UUID from the given wall time and random bytes of the operating system. Ids of one process are
/// unique and increasing, also within one millisecond (RFC 9562, 6.2, method 1). Thread-safe.
Uuid new_uuid(TimePoint now);

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(Uuid value) : value_(value) {}

  static std::optional<Id> parse(std::string_view text) {
    auto value = Uuid::parse(text);
    if (!value) return std::nullopt;
    return Id(*value);
  }
  static Id fresh(TimePoint now) { return Id(new_uuid(now)); }

  const Uuid& uuid() const { return value_; }
  bool is_nil() const { return value_.is_nil(); }
  std::string to_string() const { return value_.to_string(); }

  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  Uuid value_;
};

using PlayerId = Id<struct PlayerTag>;
using PartyId = Id<struct PartyTag>;
using TicketId = Id<struct TicketTag>;
using MatchId = Id<struct MatchTag>;
using ChallengeId = Id<struct ChallengeTag>;
using EventId = Id<struct EventTag>;
/// One login: the family of refresh tokens that it started (`sid` in the access token).
using LoginId = Id<struct LoginTag>;
/// One game server process.
using ServerId = Id<struct ServerTag>;

}  // namespace mm

template <>
struct std::hash<mm::Uuid> {
  std::size_t operator()(const mm::Uuid& uuid) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, uuid.bytes.data(), 8);
    std::memcpy(&low, uuid.bytes.data() + 8, 8);
    return static_cast<std::size_t>(high ^ (low * 0x9E3779B97F4A7C15ULL));
  }
};

template <class Tag>
struct std::hash<mm::Id<Tag>> {
  std::size_t operator()(const mm::Id<Tag>& id) const noexcept { return std::hash<mm::Uuid>{}(id.uuid()); }
};
