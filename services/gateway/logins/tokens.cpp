#include "services/gateway/logins/tokens.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/security/secrets.h"

namespace mm::gateway {
namespace {

constexpr std::string_view kPrefix = "r1.";
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kGenerationBytes = 4;
constexpr std::size_t kMacBytes = 32;
constexpr std::size_t kMinKeyBytes = 32;
constexpr std::size_t kMaxKeys = 4;

// Each purpose has its own key, so that a MAC made for one purpose is not valid for another.
std::string derived(const std::string& key, std::string_view purpose) { return security::hmac_sha256(key, purpose); }

std::string named_part(const RefreshClaims& claims) {
  std::string out(reinterpret_cast<const char*>(claims.login.uuid().bytes.data()), kIdBytes);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((claims.generation >> shift) & 0xFF);
  return out;
}

}  // namespace

Tokens::Tokens(std::vector<std::string> access_keys, std::vector<std::string> server_keys)
    : access_(access_keys), server_(server_keys), server_keys_(std::move(server_keys)) {
  for (const auto& key : access_keys) refresh_keys_.push_back(derived(key, "matchmaker refresh tokens"));
  digest_key_ = derived(access_keys.front(), "matchmaker keyed digests");
}

bool Tokens::is_join_token(std::string_view token, MatchId match, TimePoint now) const {
  return std::any_of(server_keys_.begin(), server_keys_.end(), [&](const std::string& key) {
    const auto claims = security::TokenSigner({security::join_key(key, match)}).verify_join(token, now);
    return claims && claims->match == match;
  });
}

std::string Tokens::made_with(const std::string& key, const RefreshClaims& claims) const {
  const auto named = named_part(claims);
  const auto mac = security::hmac_sha256(key, claims.tenant.str() + "." + named);
  return std::string(kPrefix) + claims.tenant.str() + "." + security::base64url_encode(named + mac);
}

std::string Tokens::refresh_token(const RefreshClaims& claims) const {
  return made_with(refresh_keys_.front(), claims);
}

std::optional<std::string> Tokens::refresh_token_with(const RefreshClaims& claims, std::string_view digest_of) const {
  for (const auto& key : refresh_keys_) {
    auto token = made_with(key, claims);
    if (digest(token) == digest_of) return token;
  }
  return std::nullopt;
}

std::optional<RefreshClaims> Tokens::read_refresh(std::string_view token) const {
  if (!token.starts_with(kPrefix)) return std::nullopt;
  const auto rest = token.substr(kPrefix.size());
  const auto dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto tenant = Tenant::parse(rest.substr(0, dot));
  const auto raw = security::base64url_decode(rest.substr(dot + 1));
  if (!tenant || !raw || raw->size() != kIdBytes + kGenerationBytes + kMacBytes) return std::nullopt;
  RefreshClaims claims;
  claims.tenant = *tenant;
  Uuid login;
  std::memcpy(login.bytes.data(), raw->data(), kIdBytes);
  claims.login = LoginId(login);
  for (std::size_t i = 0; i < kGenerationBytes; ++i) {
    claims.generation = claims.generation << 8 | static_cast<unsigned char>((*raw)[kIdBytes + i]);
  }
  for (const auto& key : refresh_keys_) {
    if (security::equal_constant_time(made_with(key, claims), token)) return claims;
  }
  return std::nullopt;
}

std::string Tokens::digest(std::string_view token) { return security::sha256_hex(token); }

std::string Tokens::keyed_digest(std::string_view purpose, std::string_view text) const {
  return security::hmac_sha256(digest_key_, std::string(purpose) + "\n" + std::string(text));
}

Result<std::vector<std::string>, std::string> parse_keys(std::string_view text) {
  std::vector<std::string> keys;
  while (!text.empty()) {
    const auto end = text.find(' ');
    const auto key = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (key.empty()) continue;
    if (key.size() < kMinKeyBytes) return fail(std::string("a key is shorter than 32 bytes"));
    keys.emplace_back(key);
  }
  if (keys.empty()) return fail(std::string("there is no key"));
  if (keys.size() > kMaxKeys) return fail(std::string("there are more than 4 keys"));
  return keys;
}

}  // namespace mm::gateway
