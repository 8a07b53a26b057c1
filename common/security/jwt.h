// JSON Web Tokens, HS256 only (RFC 7515, 7519, 8725). The algorithm is ours, never the token's choice; `typ` in the
// claims tells the kinds apart, so that a token of one kind is never taken for another.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/result.h"
#include "common/contracts/names.h"

namespace mm::security {

/// Of a player, issued by the gateway at login: 15 minutes.
struct AccessClaims {
  static constexpr std::string_view kType = "access";
  PlayerId player;
  Tenant tenant;
  std::string name;
  Region region;
  LoginId login;
  TimePoint issued_at;
  TimePoint expires_at;
};

/// Of a game server, for one match: heartbeat and result.
struct ServerClaims {
  static constexpr std::string_view kType = "server";
  MatchId match;
  Tenant tenant;
  TimePoint expires_at;
};

/// Of a player for the game server of one match; signed with that match's join key.
struct JoinClaims {
  static constexpr std::string_view kType = "join";
  MatchId match;
  PlayerId player;
  TimePoint expires_at;
};

/// HMAC-SHA256(server token key, "join:" + match id), base64url. Its text is the HS256 key of a match's join tokens: a game
/// server that has it can make tokens for its own match and for nothing else.
std::string join_key(std::string_view server_token_key, MatchId match);

enum class TokenError { malformed, wrong_signature, wrong_kind, expired, not_yet_valid };

/// Why a key must not be used, if so: too short, or bytes that are clearly not random. For the start of a daemon.
std::optional<std::string> weak_key(std::string_view key);

/// Signs and verifies. The first key signs; all verify (rotation: put the new key first, keep the old one until its
/// tokens have expired). Keys are at least 32 bytes. Thread-safe.
class TokenSigner {
 public:
  explicit TokenSigner(std::vector<std::string> keys);

  std::string sign(const AccessClaims& claims) const;
  std::string sign(const ServerClaims& claims) const;
  std::string sign(const JoinClaims& claims) const;

  Result<AccessClaims, TokenError> verify_access(std::string_view token, TimePoint now) const;
  Result<ServerClaims, TokenError> verify_server(std::string_view token, TimePoint now) const;
  Result<JoinClaims, TokenError> verify_join(std::string_view token, TimePoint now) const;

 private:
  std::vector<std::string> keys_;
};

/// Tokens longer than this are malformed.
inline constexpr std::size_t kTokenBytesMax = 4096;
/// Tolerance for clocks that differ.
inline constexpr Seconds kTokenLeeway{30};

}  // namespace mm::security
