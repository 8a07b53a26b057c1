// Tests of the verifier of JSON Web Tokens with forged, altered and expired tokens.
#include "common/security/jwt.h"

#include <gtest/gtest.h>

#include "common/security/secrets.h"

namespace mm::security {
namespace {

const TimePoint kNow(Seconds(1'767'225'600));
const std::string kKey = "0123456789abcdef0123456789abcdef";
const std::string kOtherKey = "fedcba9876543210fedcba9876543210";

AccessClaims claims() {
  return {PlayerId::fresh(kNow), default_tenant(), "ann", default_region(), LoginId::fresh(kNow), kNow,
          kNow + Seconds(900)};
}

std::string forge(const std::string& header, const std::string& payload, const std::string& key = kKey) {
  const auto signed_part = base64url_encode(header) + "." + base64url_encode(payload);
  return signed_part + "." + base64url_encode(hmac_sha256(key, signed_part));
}

const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";

/// A valid payload in which the member `changed` has the value `value`, or is left out if `value` is empty.
std::string payload(const std::string& changed = "", const std::string& value = "") {
  const std::vector<std::pair<std::string, std::string>> members{{"iss", R"("matchmaker")"},
                                                                 {"aud", R"("matchmaker-api")"},
                                                                 {"typ", R"("access")"},
                                                                 {"iat", "1767225600"},
                                                                 {"exp", "1767226500"},
                                                                 {"sub", R"("018f0000-0000-7000-8000-000000000001")"},
                                                                 {"tenant", R"("default")"},
                                                                 {"name", R"("ann")"},
                                                                 {"region", R"("eu-west")"},
                                                                 {"jti", R"("x")"},
                                                                 {"sid", R"("018f0000-0000-7000-8000-000000000002")"}};
  std::string text;
  bool found = changed.empty();
  for (const auto& [name, own] : members) {
    found = found || name == changed;
    const auto& written = name == changed ? value : own;
    if (!written.empty()) text += (text.empty() ? "{\"" : ",\"") + name + "\":" + written;
  }
  if (!found) text += ",\"" + changed + "\":" + value;
  return text + "}";
}

TokenError error_of(const std::string& token, TimePoint now = kNow) {
  const auto verified = TokenSigner({kKey}).verify_access(token, now);
  EXPECT_FALSE(verified.ok()) << token.substr(0, 200);
  return verified.ok() ? TokenError{} : verified.error();
}

TEST(Jwt, ReadsBackWhatItSigned) {
  const TokenSigner signer({kKey});
  const auto access = claims();
  const auto read = signer.verify_access(signer.sign(access), kNow);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->player, access.player);
  EXPECT_EQ(read->tenant, access.tenant);
  EXPECT_EQ(read->name, "ann");
  EXPECT_EQ(read->region, access.region);
  EXPECT_EQ(read->login, access.login);
  EXPECT_EQ(read->issued_at, kNow);
  EXPECT_EQ(read->expires_at, kNow + Seconds(900));

  const ServerClaims server{MatchId::fresh(kNow), default_tenant(), kNow + Seconds(60)};
  EXPECT_EQ(signer.verify_server(signer.sign(server), kNow)->match, server.match);
  const JoinClaims join{MatchId::fresh(kNow), PlayerId::fresh(kNow), kNow + Seconds(60)};
  EXPECT_EQ(signer.verify_join(signer.sign(join), kNow)->player, join.player);
}

TEST(Jwt, MatchesAnIndependentVector) {
  // RFC 7515, A.1: the key and the signing input of its HS256 example.
  const auto key =
      base64url_decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  ASSERT_TRUE(key);
  EXPECT_EQ(base64url_encode(hmac_sha256(*key,
                                         "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEz"
                                         "MDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

TEST(Jwt, AcceptsAWellFormedTokenOfTheForgingHelper) {
  EXPECT_TRUE(TokenSigner({kKey}).verify_access(forge(kHeader, payload()), kNow).ok());
}

TEST(Jwt, RefusesAlgNoneAndEmptySignatures) {
  for (const char* alg : {"none", "None", "nOnE", "NONE", ""}) {
    const std::string header = std::string(R"({"alg":")") + alg + R"(","typ":"JWT"})";
    EXPECT_EQ(error_of(forge(header, payload())), TokenError::malformed) << alg;
    EXPECT_EQ(error_of(base64url_encode(header) + "." + base64url_encode(payload()) + "."), TokenError::malformed);
  }
  EXPECT_EQ(error_of(base64url_encode(kHeader) + "." + base64url_encode(payload()) + "."), TokenError::wrong_signature);
}

TEST(Jwt, RefusesEveryAlgButHs256) {
  for (const char* alg : {"RS256", "ES256", "EdDSA", "HS384", "HS512", "hs256", "HS256 ", "PS256"}) {
    EXPECT_EQ(error_of(forge(std::string(R"({"alg":")") + alg + R"("})", payload())), TokenError::malformed) << alg;
  }
  for (const char* header : {R"({"typ":"JWT"})", R"({"alg":null})", R"({"alg":256})", R"({"alg":["HS256"]})",
                             R"({"alg":"HS256","alg":"none"})", R"([])", R"("HS256")", "", "{", "HS256"}) {
    EXPECT_EQ(error_of(forge(header, payload())), TokenError::malformed) << header;
  }
  EXPECT_EQ(error_of(forge(kHeader, payload(), "-----BEGIN PUBLIC KEY-----")), TokenError::wrong_signature);
}

TEST(Jwt, RefusesAnyKeyId) {
  for (const std::string& kid : {std::string("../../dev/null"), std::string("' OR 1=1--"), std::string(4096, 'k'),
                                 std::string("\\u0000"), std::string("1")}) {
    EXPECT_EQ(error_of(forge(R"({"alg":"HS256","kid":")" + kid + R"("})", payload())), TokenError::malformed);
  }
}

TEST(Jwt, RefusesKeysAndExtensionsInTheHeader) {
  for (const char* member : {R"("jku":"http://169.254.169.254/")", R"("x5u":"http://a/")", R"("jwk":{"kty":"oct"})",
                             R"("x5c":["MII"])", R"("crit":["exp"],"exp":1)", R"("b64":false)", R"("zip":"DEF")"}) {
    EXPECT_EQ(error_of(forge(std::string(R"({"alg":"HS256",)") + member + "}", payload())), TokenError::malformed);
  }
}

TEST(Jwt, RefusesATokenWithAnyChangedBit) {
  const TokenSigner signer({kKey});
  const auto token = signer.sign(claims());
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = token;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_FALSE(signer.verify_access(changed, kNow).ok()) << i << " " << bit;
    }
  }
  for (std::size_t length = 0; length < token.size(); ++length) {
    EXPECT_FALSE(signer.verify_access(token.substr(0, length), kNow).ok()) << length;
  }
  for (const char* tail : {"A", "=", "==", ".", ".AAAA", " ", "\n", "AAAA"}) {
    EXPECT_FALSE(signer.verify_access(token + tail, kNow).ok()) << tail;
  }
  EXPECT_FALSE(signer.verify_access(" " + token, kNow).ok());
  EXPECT_FALSE(signer.verify_access(std::string_view("\0", 1), kNow).ok());
}

TEST(Jwt, RefusesExpiredMissingAndMalformedTimes) {
  for (const char* exp : {"", "null", R"("1767226500")", "-1", "1e308", "1767226500.5", "9223372036854775807",
                          "18446744073709551616", "true", "{}"}) {
    EXPECT_EQ(error_of(forge(kHeader, payload("exp", exp))), TokenError::malformed) << exp;
  }
  for (const char* member : {"nbf", "iat"}) {
    EXPECT_EQ(error_of(forge(kHeader, payload(member, "1767225631"))), TokenError::not_yet_valid) << member;
    EXPECT_EQ(error_of(forge(kHeader, payload(member, R"("now")"))), TokenError::malformed) << member;
    EXPECT_TRUE(TokenSigner({kKey}).verify_access(forge(kHeader, payload(member, "1767225630")), kNow).ok());
  }
  EXPECT_EQ(error_of(forge(kHeader, payload("iat", ""))), TokenError::malformed);
  EXPECT_EQ(error_of(forge(kHeader, payload("exp", "0"))), TokenError::expired);
}

TEST(Jwt, AllowsClocksThatDifferByThirtySeconds) {
  const TokenSigner signer({kKey});
  const auto token = signer.sign(claims());
  EXPECT_TRUE(signer.verify_access(token, kNow + Seconds(929)).ok());
  EXPECT_EQ(error_of(token, kNow + Seconds(930)), TokenError::expired);
  EXPECT_TRUE(signer.verify_access(token, kNow - Seconds(30)).ok());
  EXPECT_EQ(error_of(token, kNow - Seconds(31)), TokenError::not_yet_valid);
}

TEST(Jwt, RefusesAnotherIssuerOrAudience) {
  for (const char* member : {"iss", "aud"}) {
    for (const char* value : {R"("other")", R"("")", R"("Matchmaker")"}) {
      EXPECT_EQ(error_of(forge(kHeader, payload(member, value))), TokenError::wrong_kind) << member << value;
    }
    for (const char* value : {"", "null", "[]", R"(["other"])", "1"}) {
      EXPECT_EQ(error_of(forge(kHeader, payload(member, value))), TokenError::malformed) << member << value;
    }
  }
}

TEST(Jwt, RefusesTokensOfAnotherKind) {
  const TokenSigner signer({kKey});
  const auto access = signer.sign(claims());
  const auto server = signer.sign(ServerClaims{MatchId::fresh(kNow), default_tenant(), kNow + Seconds(60)});
  const auto join = signer.sign(JoinClaims{MatchId::fresh(kNow), PlayerId::fresh(kNow), kNow + Seconds(60)});
  EXPECT_EQ(signer.verify_access(server, kNow).error(), TokenError::wrong_kind);
  EXPECT_EQ(signer.verify_access(join, kNow).error(), TokenError::wrong_kind);
  EXPECT_EQ(signer.verify_server(access, kNow).error(), TokenError::wrong_kind);
  EXPECT_EQ(signer.verify_server(join, kNow).error(), TokenError::wrong_kind);
  EXPECT_EQ(signer.verify_join(access, kNow).error(), TokenError::wrong_kind);
  EXPECT_EQ(signer.verify_join(server, kNow).error(), TokenError::wrong_kind);
  EXPECT_FALSE(signer.verify_access(random_token(32), kNow).ok());
}

TEST(Jwt, RefusesVeryLongTokens) {
  EXPECT_EQ(error_of(std::string(100'000, 'a')), TokenError::malformed);
  EXPECT_EQ(error_of(forge(kHeader, payload("name", '"' + std::string(100'000, 'a') + '"'))), TokenError::malformed);
}

TEST(Jwt, CallsShortAndRepeatedKeysWeak) {
  EXPECT_TRUE(weak_key(""));
  EXPECT_TRUE(weak_key("secret"));
  EXPECT_TRUE(weak_key(std::string(31, 'x')));
  EXPECT_TRUE(weak_key(std::string(64, 'a')));
  EXPECT_TRUE(weak_key("changemechangemechangemechangeme"));
  EXPECT_TRUE(weak_key("passwordpasswordpasswordpassword"));
  EXPECT_TRUE(weak_key(random_token(31)));
  EXPECT_TRUE(weak_key(sha256_hex("any").substr(1)));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(weak_key(random_token(32)));
  EXPECT_FALSE(weak_key(sha256_hex("any")));
  EXPECT_DEATH(TokenSigner({std::string(31, 'x')}), "32 bytes");
  EXPECT_DEATH(TokenSigner(std::vector<std::string>{}), "has a key");
}

TEST(Jwt, AcceptsThePreviousKeyOnlyWhileItIsConfigured) {
  const auto old_token = TokenSigner({kOtherKey}).sign(claims());
  EXPECT_TRUE(TokenSigner({kKey, kOtherKey}).verify_access(old_token, kNow).ok());
  EXPECT_EQ(TokenSigner({kKey}).verify_access(old_token, kNow).error(), TokenError::wrong_signature);
  EXPECT_TRUE(TokenSigner({kKey}).verify_access(TokenSigner({kKey, kOtherKey}).sign(claims()), kNow).ok());
}

TEST(Jwt, RefusesClaimsOfTheWrongForm) {
  for (const char* member : {"sub", "tenant", "region", "sid", "name", "jti"}) {
    for (const char* value : {"", "null", "1", "[]", "{}", "true"}) {
      EXPECT_EQ(error_of(forge(kHeader, payload(member, value))), TokenError::malformed) << member << value;
    }
  }
  EXPECT_EQ(error_of(forge(kHeader, payload("sub", R"("018F0000-0000-7000-8000-000000000001")"))),
            TokenError::malformed);
  for (const char* text : {"", "[]", "1", "null", "{\"iss\":", "{}\n{}"}) {
    EXPECT_FALSE(TokenSigner({kKey}).verify_access(forge(kHeader, text), kNow).ok()) << text;
  }
  EXPECT_TRUE(TokenSigner({kKey}).verify_access(forge(kHeader, payload("role", R"("admin")")), kNow).ok())
      << "claims of a later version are ignored";
}

}  // namespace
}  // namespace mm::security
