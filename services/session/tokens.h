// The secrets of a match, all derived from one key and the row: nothing of them is stored, and every instance gives the
// same. They go to the game server (server token, join key) and each join token to its own player; never into an
// event, a log line or another player's answer.
#pragma once

#include <string>

#include "common/security/jwt.h"
#include "services/session/core/match.h"

namespace mm::session {

class Tokens {
 public:
  /// Tokens of a match expire this long after its row was stored. No match lasts longer.
  static constexpr std::chrono::hours kLifetime{4};

  explicit Tokens(std::string key) : key_(key), servers_({std::move(key)}) {}

  static TimePoint expires_at(const Match& match) { return match.stored_at + kLifetime; }

  std::string server_token(const Match& match) const;
  /// Its text is the HS256 key of the join tokens.
  std::string join_key(MatchId match) const;
  std::string join_token(const Match& match, PlayerId player) const;

 private:
  std::string key_;
  security::TokenSigner servers_;
};

}  // namespace mm::session
