// The tokens players hold. Access tokens are signed and carry all that is needed for 15 minutes. Refresh tokens are
// opaque to others: `r1.<tenant>.<login, generation, MAC>`. The MAC is derived from a key of ours, so a child token can
// be made again when its reply was lost, and no token is ever stored: Redis holds digests only. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/security/jwt.h"

namespace mm::gateway {

inline constexpr Seconds kAccessLifetime{900};
inline constexpr Milliseconds kRefreshLifetime{7 * 24 * 3'600 * 1'000};
/// After a login ended: until then one of its access tokens may be valid by its date.
inline constexpr Milliseconds kDenialTime = kAccessLifetime + security::kTokenLeeway + Seconds{30};

/// What an authentic refresh token says; whether it is still good, only its family in Redis knows.
struct RefreshClaims {
  Tenant tenant;
  LoginId login;
  std::uint32_t generation = 0;
};

class Tokens {
 public:
  /// Keys of at least 32 bytes, the signing one first.
  Tokens(std::vector<std::string> access_keys, std::vector<std::string> server_keys);

  const security::TokenSigner& access() const { return access_; }
  const security::TokenSigner& server() const { return server_; }
  /// A good token of a player, for the game server of this match.
  bool is_join_token(std::string_view token, MatchId match, TimePoint now) const;

  std::string refresh_token(const RefreshClaims& claims) const;
  /// The token of these claims whose digest this is, under whichever of our keys made it.
  std::optional<std::string> refresh_token_with(const RefreshClaims& claims, std::string_view digest) const;
  /// None for anything that none of our keys made.
  std::optional<RefreshClaims> read_refresh(std::string_view token) const;

  /// What is stored of a token.
  static std::string digest(std::string_view token);

  /// A MAC for what is stored but might be guessed (requests with passwords), and for ids derived from keys.
  std::string keyed_digest(std::string_view purpose, std::string_view text) const;

 private:
  std::string made_with(const std::string& key, const RefreshClaims& claims) const;

  security::TokenSigner access_;
  security::TokenSigner server_;
  std::vector<std::string> server_keys_;
  std::vector<std::string> refresh_keys_;
  std::string digest_key_;
};

/// Keys separated by spaces: the signing one, then those that were replaced and whose tokens still live. The error says
/// what is wrong, never a key.
Result<std::vector<std::string>, std::string> parse_keys(std::string_view text);

}  // namespace mm::gateway
