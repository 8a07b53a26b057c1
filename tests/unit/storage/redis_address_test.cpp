// Tests of the parts of the Redis client that need no server: addresses, the wire format, script hashes.
#include <gtest/gtest.h>

#include "common/storage/redis_connection.h"

namespace mm::storage {
namespace {

TEST(RedisAddress, ReadsEveryPart) {
  const auto address = RedisAddress::parse("redis://lobby@10.0.0.7:6380/3");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->user, "lobby");
  EXPECT_EQ(address->host, "10.0.0.7");
  EXPECT_EQ(address->port, 6380);
  EXPECT_EQ(address->database, 3);
}

TEST(RedisAddress, HasDefaults) {
  for (const auto* url : {"redis://localhost", "redis://localhost/", "redis://localhost:6379/0"}) {
    const auto address = RedisAddress::parse(url);
    ASSERT_TRUE(address) << url;
    EXPECT_EQ(address->user, "");
    EXPECT_EQ(address->host, "localhost");
    EXPECT_EQ(address->port, 6379);
    EXPECT_EQ(address->database, 0);
  }
}

TEST(RedisAddress, ReadsIpv6InBrackets) {
  const auto address = RedisAddress::parse("redis://[::1]:7000");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 7000);
}

TEST(RedisAddress, RefusesMalformedAddresses) {
  for (const auto* url : {"", "localhost:6379", "http://localhost", "redis://", "redis://:6379", "redis://host:0",
                          "redis://host:65536", "redis://host:x", "redis://host:", "redis://host/x", "redis://user@"}) {
    EXPECT_FALSE(RedisAddress::parse(url)) << url;
  }
}

TEST(RedisAddress, RefusesAPasswordWithoutRepeatingIt) {
  const auto address = RedisAddress::parse("redis://user:hunter2@host:6379");
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().find("hunter2"), std::string::npos);
}

TEST(RedisRequest, HasByteCountsSoThatNothingIsEscaped) {
  std::string request;
  append_command(request, {"SET", std::string("a\0\r\n", 4), ""});
  EXPECT_EQ(request, "*3\r\n$3\r\nSET\r\n$4\r\n" + std::string("a\0\r\n", 4) + "\r\n$0\r\n\r\n");
}

TEST(RedisScript, HasTheHashThatTheServerComputes) {
  // FIPS 180-2, appendix A.
  EXPECT_EQ(Script("abc", "abc").sha1(), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

}  // namespace
}  // namespace mm::storage
