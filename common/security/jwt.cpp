// Signs and verifies tokens. Checks are made in the order size, form, header, signature; claims are read only
// afterwards.
#include "common/security/jwt.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

#include "common/security/secrets.h"
#include "common/wire/codec.h"

namespace mm::security {
namespace {

constexpr std::string_view kIssuer = "matchmaker";
constexpr std::size_t kMinKeyBytes = 32;
/// Lengths of 32 random bytes in base64 without padding, and in hex.
constexpr std::size_t kMinBase64Key = 43;
constexpr std::size_t kMinHexKey = 64;

// The recipient of each kind of token. Two claims repeat the kind on purpose: `typ` is specific to this platform (RFC
// 8725, 3.11), and `aud` is the registered claim (RFC 7519) that other implementations check.
constexpr std::string_view audience_of(std::string_view type) {
  if (type == AccessClaims::kType) return "matchmaker-api";
  if (type == ServerClaims::kType) return "matchmaker-match";
  return "matchmaker-game-server";
}

struct Registered {
  std::string iss{kIssuer};
  std::string aud;
  std::string typ;
  std::optional<std::int64_t> iat;
  std::optional<std::int64_t> nbf;
  std::int64_t exp = 0;
};

// Seconds up to the year 9999, which a TimePoint holds without overflow.
constexpr fields::InRange kAnyTime{0, 253'402'300'799};

template <class F>
void describe(F& f, Registered& m) {
  f("iss", m.iss);
  f("aud", m.aud);
  f("typ", m.typ);
  f("iat", m.iat, kAnyTime);
  f("nbf", m.nbf, kAnyTime);
  f("exp", m.exp, kAnyTime);
}

struct AccessBody {
  Registered registered;
  PlayerId sub;
  Tenant tenant;
  std::string name;
  Region region;
  std::string jti;
  LoginId sid;
};

template <class F>
void describe(F& f, AccessBody& m) {
  describe(f, m.registered);
  f("sub", m.sub);
  f("tenant", m.tenant);
  f("name", m.name);
  f("region", m.region);
  f("jti", m.jti, fields::Length{1, 64});
  f("sid", m.sid);
}

struct ServerBody {
  Registered registered;
  MatchId match_id;
  Tenant tenant;
};

template <class F>
void describe(F& f, ServerBody& m) {
  describe(f, m.registered);
  f("match_id", m.match_id);
  f("tenant", m.tenant);
}

struct JoinBody {
  Registered registered;
  MatchId match_id;
  PlayerId sub;
};

template <class F>
void describe(F& f, JoinBody& m) {
  describe(f, m.registered);
  f("match_id", m.match_id);
  f("sub", m.sub);
}

struct JoseHeader {
  std::string alg = "HS256";
  std::optional<std::string> typ = "JWT";
};

template <class F>
void describe(F& f, JoseHeader& m) {
  f("alg", m.alg);
  f("typ", m.typ);
}

std::int64_t seconds_of(TimePoint time) { return std::chrono::floor<Seconds>(time.time_since_epoch()).count(); }
TimePoint time_of(std::int64_t seconds) { return TimePoint(Seconds(seconds)); }

Registered registered(std::string_view type, TimePoint expires_at) {
  Registered claims;
  claims.aud = audience_of(type);
  claims.typ = type;
  claims.exp = seconds_of(expires_at);
  return claims;
}

template <class Body>
std::string sign_body(const std::string& key, const Body& body) {
  static const std::string header = base64url_encode(wire::encode(JoseHeader{}));
  auto signed_part = header + "." + base64url_encode(wire::encode(body));
  const auto mac = hmac_sha256(key, signed_part);
  return signed_part + "." + base64url_encode(mac);
}

// Issued headers have only alg and typ. A header with another field is refused: `kid`, `jku`, `jwk`, `x5u`, `x5c` would
// select a key and `crit` a processing rule, and a token must not choose either.
bool is_our_header(std::string_view encoded) {
  const auto text = base64url_decode(encoded);
  if (!text) return false;
  const auto header = wire::decode<JoseHeader>(*text, wire::Unknown::refused);
  return header && header->alg == "HS256" && header->typ.value_or("JWT") == "JWT";
}

/// The payload of a token that has a valid signature by one of the keys.
Result<std::string, TokenError> verified_payload(const std::vector<std::string>& keys, std::string_view token) {
  if (token.size() > kMaxTokenBytes) return fail(TokenError::malformed);
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return fail(TokenError::malformed);
  }
  if (!is_our_header(token.substr(0, first))) return fail(TokenError::malformed);
  const auto mac = base64url_decode(token.substr(second + 1));
  auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  if (!mac || !payload || payload->empty()) return fail(TokenError::malformed);
  for (const auto& key : keys) {
    if (equal_constant_time(hmac_sha256(key, token.substr(0, second)), *mac)) return *std::move(payload);
  }
  return fail(TokenError::wrong_signature);
}

std::optional<TokenError> refusal(const Registered& claims, std::string_view type, TimePoint now) {
  if (claims.iss != kIssuer || claims.typ != type || claims.aud != audience_of(type)) return TokenError::wrong_kind;
  if (now >= time_of(claims.exp) + kTokenLeeway) return TokenError::expired;
  const auto latest = now + kTokenLeeway;
  if ((claims.nbf && time_of(*claims.nbf) > latest) || (claims.iat && time_of(*claims.iat) > latest)) {
    return TokenError::not_yet_valid;
  }
  return std::nullopt;
}

template <class Body>
Result<Body, TokenError> open(const std::vector<std::string>& keys, std::string_view token, std::string_view type,
                              TimePoint now) {
  const auto payload = verified_payload(keys, token);
  if (!payload) return fail(payload.error());
  const auto document = json::Document::parse(*payload);
  if (!document) return fail(TokenError::malformed);
  // The registered claims are checked first, so that a token of another kind gives wrong_kind and not malformed.
  const auto claims = wire::decode<Registered>(document->root(), wire::Unknown::ignored);
  if (!claims) return fail(TokenError::malformed);
  if (const auto refused = refusal(*claims, type, now)) return fail(*refused);
  auto body = wire::decode<Body>(document->root(), wire::Unknown::ignored);
  if (!body) return fail(TokenError::malformed);
  return *std::move(body);
}

/// The minimum length of a key, depending on its encoding: a text contains fewer random bytes than characters.
std::size_t length_least(std::string_view key) {
  const auto all = [&](auto belongs) { return std::all_of(key.begin(), key.end(), belongs); };
  if (all([](unsigned char c) { return std::isxdigit(c) != 0; })) return kMinHexKey;
  if (all([](unsigned char c) { return std::isprint(c) != 0; })) return kMinBase64Key;
  return kMinKeyBytes;
}

}  // namespace

std::optional<std::string> weak_key(std::string_view key) {
  if (key.size() < length_least(key)) return "it holds fewer than 32 random bytes";
  std::array<bool, 256> seen{};
  for (char c : key) seen[static_cast<unsigned char>(c)] = true;
  // A random key of 32 bytes, also as 64 hex digits or 43 characters of base64, has at least 10 different bytes with a
  // probability above 1 - 1e-7. A repeated word, or aaaa…, has not.
  if (std::count(seen.begin(), seen.end(), true) < 10) return "its bytes are not random";
  return std::nullopt;
}

TokenSigner::TokenSigner(std::vector<std::string> keys) : keys_(std::move(keys)) {
  check(!keys_.empty(), "a signer of tokens has a key");
  for (const auto& key : keys_) check(key.size() >= kMinKeyBytes, "a token key has at least 32 bytes");
}

std::string TokenSigner::sign(const AccessClaims& claims) const {
  AccessBody body;
  body.registered = registered(AccessClaims::kType, claims.expires_at);
  body.registered.iat = seconds_of(claims.issued_at);
  body.sub = claims.player;
  body.tenant = claims.tenant;
  body.name = claims.name;
  body.region = claims.region;
  body.jti = random_token(12);
  body.sid = claims.login;
  return sign_body(keys_.front(), body);
}

std::string TokenSigner::sign(const ServerClaims& claims) const {
  return sign_body(keys_.front(),
                   ServerBody{registered(ServerClaims::kType, claims.expires_at), claims.match, claims.tenant});
}

std::string TokenSigner::sign(const JoinClaims& claims) const {
  return sign_body(keys_.front(),
                   JoinBody{registered(JoinClaims::kType, claims.expires_at), claims.match, claims.player});
}

Result<AccessClaims, TokenError> TokenSigner::verify_access(std::string_view token, TimePoint now) const {
  auto body = open<AccessBody>(keys_, token, AccessClaims::kType, now);
  if (!body) return fail(body.error());
  if (!body->registered.iat) return fail(TokenError::malformed);
  return AccessClaims{body->sub,
                      body->tenant,
                      body->name,
                      body->region,
                      body->sid,
                      time_of(*body->registered.iat),
                      time_of(body->registered.exp)};
}

Result<ServerClaims, TokenError> TokenSigner::verify_server(std::string_view token, TimePoint now) const {
  auto body = open<ServerBody>(keys_, token, ServerClaims::kType, now);
  if (!body) return fail(body.error());
  return ServerClaims{body->match_id, body->tenant, time_of(body->registered.exp)};
}

std::string join_key(std::string_view server_token_key, MatchId match) {
  return base64url_encode(hmac_sha256(server_token_key, "join:" + match.to_string()));
}

Result<JoinClaims, TokenError> TokenSigner::verify_join(std::string_view token, TimePoint now) const {
  auto body = open<JoinBody>(keys_, token, JoinClaims::kType, now);
  if (!body) return fail(body.error());
  return JoinClaims{body->match_id, body->sub, time_of(body->registered.exp)};
}

}  // namespace mm::security
