// The tokens and keys of a match. All are derived from one secret and the row, so none is stored and every instance
// computes the same ones. The server token and the join key go to the game server, each join token to its player. None
// goes into an event, a log line or an answer to another player.
#pragma once

#include <string>

#include "common/security/jwt.h"
#include "services/session/core/match.h"

namespace mm::session {

class Tokens {
 public:
  /// From when the row was stored until the tokens expire. No match lasts longer.
  static constexpr std::chrono::hours kLifetime{4};

  explicit Tokens(std::string key) : key_(key), servers_({std::move(key)}) {}

  static TimePoint expires_at(const Match& match) { return match.stored_at + kLifetime; }

  std::string server_token(const Match& match) const;
  /// The text is the HS256 key of the join tokens.
  std::string join_key(MatchId match) const;
  std::string join_token(const Match& match, PlayerId player) const;

 private:
  std::string key_;
  security::TokenSigner servers_;
};

}  // namespace mm::session
