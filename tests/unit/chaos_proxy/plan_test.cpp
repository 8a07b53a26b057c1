#include "tests/chaos/proxy/plan.h"

#include <gtest/gtest.h>

namespace mm::chaos {
namespace {

TEST(Plan, ReadsOneLinkPerLine) {
  const auto plan = parse_plan("lobby-1 nats 4222\n\nsession postgres 5432\nlobby-1 redis-queue 6379\n");
  ASSERT_TRUE(plan.ok()) << plan.error();
  ASSERT_EQ(plan->size(), 3U);
  EXPECT_EQ((*plan)[0].name, "lobby-1.nats");
  EXPECT_EQ((*plan)[0].protocol, Protocol::nats);
  EXPECT_EQ((*plan)[1].protocol, Protocol::postgres);
  EXPECT_EQ((*plan)[2].protocol, Protocol::opaque);
  EXPECT_EQ((*plan)[2].store_port, 6379);
}

TEST(Plan, RefusesALineThatIsNone) {
  for (const char* line : {"lobby-1", "lobby-1 nats", "lobby-1 nats x", "lobby-1 nats 0", "lobby-1 nats 70000",
                           "lobby-1 nats 4222 more"}) {
    const auto plan = parse_plan("session nats 4222\n" + std::string(line));
    ASSERT_FALSE(plan.ok()) << line;
    EXPECT_EQ(plan.error(), "line 2 is not PROCESS STORE PORT") << line;
  }
}

}  // namespace
}  // namespace mm::chaos
