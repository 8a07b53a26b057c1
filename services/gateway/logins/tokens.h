// Creates and verifies the tokens of players. An access token is a signed JWT, valid for 15 minutes. A refresh token is
// `r1.<tenant>.<login, generation, MAC>` and opaque to clients. Its MAC is computed from a secret key, so the gateway
// can recreate a child token when the reply was lost, and stores no tokens: Redis has only their digests. Thread-safe.
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
/// How long a login is denied after its end: the longest time for which one of its access tokens may be unexpired.
inline constexpr Milliseconds kDenialLifetime = kAccessLifetime + security::kTokenLeeway + Seconds{30};

/// The contents of an authentic refresh token. Whether the token is still valid is known only to its family in Redis.
struct RefreshClaims {
  Tenant tenant;
  LoginId login;
  std::uint32_t generation = 0;
};

class Tokens {
 public:
  /// Each list holds keys of at least 32 bytes. The first key signs; all keys verify.
  Tokens(std::vector<std::string> access_keys, std::vector<std::string> server_keys);

  const security::TokenSigner& access() const { return access_; }
  const security::TokenSigner& server() const { return server_; }
  /// True if the token is a valid join token, which a player presents to the game server of this match.
  bool is_join_token(std::string_view token, MatchId match, TimePoint now) const;

  std::string refresh_token(const RefreshClaims& claims) const;
  /// Recreates the token with these claims and this digest, trying each key. Returns nullopt if no key gives this
  /// digest.
  std::optional<std::string> refresh_token_with(const RefreshClaims& claims, std::string_view digest) const;
  /// Returns nullopt if the token was not made with one of the keys.
  std::optional<RefreshClaims> read_refresh(std::string_view token) const;

  /// The digest that is stored for a token (SHA-256, hexadecimal).
  static std::string digest(std::string_view token);

  /// A MAC (HMAC-SHA256, 32 bytes) for stored digests of guessable texts (requests with passwords), and for ids derived
  /// from an Idempotency-Key. Different purposes give unrelated digests.
  std::string keyed_digest(std::string_view purpose, std::string_view text) const;

 private:
  std::string made_with(const std::string& key, const RefreshClaims& claims) const;

  security::TokenSigner access_;
  security::TokenSigner server_;
  std::vector<std::string> server_keys_;
  std::vector<std::string> refresh_keys_;
  std::string digest_key_;
};

/// Parses 1 to 4 keys separated by spaces: first the signing key, then replaced keys whose tokens are still in use. The
/// error text never contains a key.
Result<std::vector<std::string>, std::string> parse_keys(std::string_view text);

}  // namespace mm::gateway
