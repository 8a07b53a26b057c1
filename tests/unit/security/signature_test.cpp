// Tests of Ed25519 signatures: a vector of RFC 8032, and signatures that must not verify.
#include "common/security/signature.h"

#include <gtest/gtest.h>

#include "common/security/secrets.h"

namespace mm::security {
namespace {

std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

TEST(Signature, MatchesTheVectorOfTheStandard) {
  // RFC 8032, 7.1, test 2
  const auto key =
      SigningKey::parse(base64url_encode(bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->public_text(),
            base64url_encode(bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")));
  EXPECT_EQ(key->sign("\x72"),
            base64url_encode(bytes("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")));
}

TEST(Signature, VerifiesOnlyWithItsTextAndItsKey) {
  const auto key = *SigningKey::parse(random_token(32));
  const auto other = *SigningKey::parse(random_token(32));
  const auto verifying = *VerifyingKey::parse(key.public_text());
  auto signature = key.sign("a match");
  EXPECT_TRUE(verifying.verifies("a match", signature));
  EXPECT_FALSE(verifying.verifies("a Match", signature));
  EXPECT_FALSE(verifying.verifies("a match", other.sign("a match")));
  EXPECT_FALSE(verifying.verifies("a match", ""));
  EXPECT_FALSE(verifying.verifies("a match", signature.substr(0, 40)));
  signature[3] = signature[3] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(verifying.verifies("a match", signature));
}

TEST(Signature, RefusesMalformedKeysWithoutRepeatingThem) {
  for (const auto& text : {std::string(), std::string("short"), std::string(43, '*'), random_token(33)}) {
    ASSERT_FALSE(SigningKey::parse(text).ok());
    ASSERT_FALSE(VerifyingKey::parse(text).ok());
    EXPECT_TRUE(text.empty() || SigningKey::parse(text).error().find(text) == std::string::npos);
  }
}

}  // namespace
}  // namespace mm::security
