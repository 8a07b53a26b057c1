// JSON Web Tokens with HS256 only (RFC 7515, 7519, 8725). The algorithm is fixed and never taken from the token. The
// claim `typ` distinguishes the kinds of tokens, so that a token of one kind is not accepted as another.
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

/// Access token of a player, issued by the gateway at login. Valid for 15 minutes.
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

/// Token of a game server for one match: authorises heartbeats and the result.
struct ServerClaims {
  static constexpr std::string_view kType = "server";
  MatchId match;
  Tenant tenant;
  TimePoint expires_at;
};

/// Token of a player for the game server of one match. Signed with the join key of the match.
struct JoinClaims {
  static constexpr std::string_view kType = "join";
  MatchId match;
  PlayerId player;
  TimePoint expires_at;
};

/// HMAC-SHA256(server token key, "join:" + match id), base64url. The text is the HS256 key of the match's join tokens.
/// A game server that has it can issue tokens only for its own match.
std::string join_key(std::string_view server_token_key, MatchId match);

enum class TokenError { malformed, wrong_signature, wrong_kind, expired, not_yet_valid };

/// The reason why a key must not be used (too short, or clearly not random), or empty. Called when a daemon starts.
std::optional<std::string> weak_key(std::string_view key);

/// Signs and verifies tokens. The first key signs; all keys verify. To rotate, put the new key first and keep the old
/// key until its tokens have expired. Keys have at least 32 bytes. Thread-safe.
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

/// Longer tokens are malformed.
inline constexpr std::size_t kMaxTokenBytes = 4096;
/// Tolerance for differences between clocks.
inline constexpr Seconds kTokenLeeway{30};

}  // namespace mm::security
