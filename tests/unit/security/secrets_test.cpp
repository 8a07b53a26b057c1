// Tests of digests against published vectors, of base64url, random tokens and constant-time comparison, and of password
// hashes.
#include "common/security/secrets.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "common/security/password.h"

namespace mm::security {
namespace {

TEST(Secrets, DigestsMatchPublishedVectors) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  // RFC 4231, test case 2.
  EXPECT_EQ(base64url_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
}

TEST(Secrets, Base64UrlMatchesRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF", "-_8"}};
  for (const auto& [data, text] : vectors) {
    EXPECT_EQ(base64url_encode(data), text);
    EXPECT_EQ(base64url_decode(text), data);
  }
}

TEST(Secrets, Base64UrlRefusesNonCanonicalTexts) {
  for (const char* text : {"Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm8=", "+/8", "-_9", " Zg", "Zg\n", "Zm9vY", "Z g"}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
  EXPECT_FALSE(base64url_decode(std::string_view("Zg\0\0", 4)));
}

TEST(Secrets, Base64UrlReadsBackAnyBytes) {
  EXPECT_TRUE(rc::check([](const std::string& data) {
    const auto text = base64url_encode(data);
    RC_ASSERT(base64url_decode(text) == data);
  }));
}

TEST(Secrets, RandomTokensDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_token(16));
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(seen.begin()->size(), 22U);
  EXPECT_EQ(random_token(1000).size(), 1334U);
}

TEST(Secrets, ComparesLengthAndContent) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

class Passwords : public testing::Test {
 protected:
  PasswordHasher hasher_{4};
};

TEST_F(Passwords, VerifiesAPublishedHash) {
  // The test vector of crypt_blowfish.
  const std::string hash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_TRUE(hasher_.verify("U*U", hash));
  EXPECT_FALSE(hasher_.verify("U*V", hash));
  EXPECT_TRUE(hasher_.outdated(hash));
}

TEST_F(Passwords, VerifiesWhatItHashedAndNothingElse) {
  const auto hash = hasher_.hash("correct horse");
  EXPECT_TRUE(hash.starts_with("$2b$04$"));
  EXPECT_NE(hash, hasher_.hash("correct horse")) << "each hash has its own salt";
  EXPECT_TRUE(hasher_.verify("correct horse", hash));
  for (const char* wrong : {"correct hors", "correct horse ", "Correct horse", ""}) {
    EXPECT_FALSE(hasher_.verify(wrong, hash)) << wrong;
  }
  EXPECT_FALSE(hasher_.outdated(hash));
}

TEST_F(Passwords, AreNeverTruncated) {
  const std::string longest(72, 'p');
  const auto hash = hasher_.hash(longest);
  EXPECT_TRUE(hasher_.verify(longest, hash));
  EXPECT_FALSE(hasher_.verify(longest + "x", hash)) << "bcrypt itself reads 72 bytes";
  EXPECT_FALSE(hasher_.verify(longest + std::string(1000, 'x'), hash));
  EXPECT_FALSE(hasher_.verify(std::string("ab\0cd", 5), hasher_.hash("ab"))) << "bcrypt itself stops at NUL";
  EXPECT_DEATH(static_cast<void>(hasher_.hash(longest + "x")), "72 bytes");
}

TEST_F(Passwords, AreComparedByteForByte) {
  const auto composed = hasher_.hash("caf\xC3\xA9 au lait");
  EXPECT_TRUE(hasher_.verify("caf\xC3\xA9 au lait", composed));
  EXPECT_FALSE(hasher_.verify("cafe\xCC\x81 au lait", composed));
}

TEST_F(Passwords, VerifyNobodyAlwaysFails) {
  EXPECT_FALSE(hasher_.verify_unknown_user("anything"));
  EXPECT_FALSE(hasher_.verify_unknown_user(std::string(1000, 'x')));
}

TEST_F(Passwords, AreRefusedWithAHashOfAnotherFormat) {
  for (const char* hash : {"", "x", "$2b$", "$1$abc$", "$2b$04$", "*0", "plain text",
                           "$2b$04$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
                           "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                           "$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                           "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}) {
    EXPECT_FALSE(hasher_.verify("U*U", hash)) << hash;
  }
}

// Hashes with a cost above the limit are never computed, although the first hash below is that of the password.
TEST_F(Passwords, AreRefusedWithAHashThatCostsTooMuch) {
  EXPECT_FALSE(hasher_.verify("U*U", "$2b$15$CCCCCCCCCCCCCCCCCCCCC.jJXUjSlXZ2p6nRm3NJIupp3r/yrrjVy"));
  EXPECT_FALSE(hasher_.verify("U*U", "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST(PasswordCost, IsFromFourToFourteen) {
  EXPECT_DEATH(PasswordHasher(3), "cost");
  EXPECT_DEATH(PasswordHasher(15), "cost");
  EXPECT_TRUE(PasswordHasher(5).outdated(PasswordHasher(4).hash("12345678")));
}

}  // namespace
}  // namespace mm::security
