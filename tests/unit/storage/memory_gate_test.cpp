// Tests of when new work is refused because memory is short.
#include "common/storage/memory_gate.h"

#include <gtest/gtest.h>

namespace mm::storage {
namespace {

TEST(MemoryGate, RefusesFromEightyPercentUntilUnderSeventyFive) {
  MemoryGate gate;
  EXPECT_FALSE(gate.measure({799, 1'000}));
  EXPECT_FALSE(gate.refuses());
  EXPECT_TRUE(gate.measure({800, 1'000})) << "changed";
  EXPECT_TRUE(gate.refuses());
  EXPECT_FALSE(gate.measure({750, 1'000}));
  EXPECT_TRUE(gate.refuses()) << "no switching to and fro around one value";
  EXPECT_TRUE(gate.measure({749, 1'000}));
  EXPECT_FALSE(gate.refuses());
  EXPECT_FALSE(gate.measure({790, 1'000}));
}

TEST(MemoryGate, AServerWithoutALimitNeverRefuses) {
  MemoryGate gate;
  EXPECT_FALSE(gate.measure({1'000'000'000, 0}));
  EXPECT_FALSE(gate.refuses());
}

TEST(MemoryGate, TheRefusalNamesTheReasonAndWhenToTryAgain) {
  MemoryGate gate;
  EXPECT_FALSE(gate.refusal());
  gate.measure({900, 1'000});
  const auto refusal = gate.refusal();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Code::unavailable);
  EXPECT_EQ(refusal->retry_after_seconds, 5);
  EXPECT_NE(refusal->detail.find("memory is short"), std::string::npos);
}

TEST(MemoryIn, ReadsTheReplyOfRedis) {
  const auto memory =
      memory_in("# Memory\r\nused_memory:1234\r\nused_memory_human:1K\r\nmaxmemory:4936\r\nmaxmemory_human:4K\r\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->used, 1'234);
  EXPECT_EQ(memory->most, 4'936);
  EXPECT_NEAR(memory->share(), 0.25, 1e-9);
  EXPECT_FALSE(memory_in(""));
  EXPECT_FALSE(memory_in("# Memory\r\nused_memory:1234\r\n"));
}

}  // namespace
}  // namespace mm::storage
