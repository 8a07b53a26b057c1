#include "services/session/tokens.h"

namespace mm::session {

std::string Tokens::server_token(const Match& match) const {
  return servers_.sign(security::ServerClaims{match.id, match.tenant, expires_at(match)});
}

std::string Tokens::join_key(MatchId match) const { return security::join_key(key_, match); }

std::string Tokens::join_token(const Match& match, PlayerId player) const {
  const security::TokenSigner joins({join_key(match.id)});
  return joins.sign(security::JoinClaims{match.id, player, expires_at(match)});
}

}  // namespace mm::session
