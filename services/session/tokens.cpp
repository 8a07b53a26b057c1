#include "services/session/tokens.h"

#include "common/security/secrets.h"

namespace mm::session {

std::string Tokens::server_token(const Match& match) const {
  return servers_.sign(security::ServerClaims{match.id, match.tenant, expires_at(match)});
}

std::string Tokens::join_key(MatchId match) const {
  return security::base64url_encode(security::hmac_sha256(key_, "join:" + match.to_string()));
}

std::string Tokens::join_token(const Match& match, PlayerId player) const {
  const security::TokenSigner joins({join_key(match.id)});
  return joins.sign(security::JoinClaims{match.id, player, expires_at(match)});
}

}  // namespace mm::session
