// Tests of Result, which holds a value or an error.
#include "common/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace mm {
namespace {

using Number = Result<int, std::string>;

Number half(int number) {
  if (number % 2 != 0) return fail("odd");
  return number / 2;
}

TEST(Result, IsAValueOrAnError) {
  ASSERT_TRUE(half(4));
  EXPECT_EQ(*half(4), 2);
  ASSERT_FALSE(half(3));
  EXPECT_EQ(half(3).error(), "odd");
  EXPECT_EQ(half(3).value_or(7), 7);
  EXPECT_EQ(half(4).value_or(7), 2);
}

TEST(Result, DistinguishesValueAndErrorOfTheSameType) {
  using Text = Result<std::string, std::string>;
  EXPECT_TRUE(Text(std::string("fine")).ok());
  EXPECT_FALSE(Text(fail(std::string("not"))).ok());
}

TEST(Result, SupportsMoveOnlyValues) {
  Result<std::unique_ptr<int>, std::string> made(std::make_unique<int>(1));
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 1);
}

TEST(ResultDeathTest, AbortsWhenTheAbsentAlternativeIsRead) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(static_cast<void>(*half(3)), "value\\(\\) of a failure");
  EXPECT_DEATH(static_cast<void>(half(4).error()), "error\\(\\) of a success");
}

}  // namespace
}  // namespace mm
