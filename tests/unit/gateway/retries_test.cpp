// Tests of the rules for requests to daemons that are sent again: how many, and to which instance.
#include <gtest/gtest.h>

#include "services/gateway/core/answering_instances.h"
#include "services/gateway/core/retry_budget.h"

namespace mm::gateway {
namespace {

int retries_of(RetryBudget& budget) {
  int taken = 0;
  while (budget.take()) ++taken;
  return taken;
}

TEST(RetryBudget, AllowsOneRetryForTenRequestsWhenTheReserveIsUsedUp) {
  RetryBudget budget;
  EXPECT_EQ(retries_of(budget), RetryBudget::kReserve);
  for (int i = 0; i < 1'001; ++i) budget.add_request();
  EXPECT_EQ(retries_of(budget), 100);
  for (int i = 0; i < 9; ++i) budget.add_request();
  EXPECT_FALSE(budget.take());
}

TEST(RetryBudget, NeverExceedsTheReserve) {
  RetryBudget budget;
  for (int i = 0; i < 100'000; ++i) budget.add_request();
  EXPECT_EQ(retries_of(budget), RetryBudget::kReserve);
}

class Instances : public ::testing::Test {
 protected:
  std::string latest(const std::vector<std::string>& tried = {}) const {
    return instances_.latest("lobby", tried, now_);
  }

  AnsweringInstances instances_;
  SteadyPoint now_{Seconds{100}};
};

TEST_F(Instances, TheOneThatAnsweredLastIsFirst) {
  EXPECT_EQ(latest(), "");
  instances_.answered("lobby", "a", now_);
  instances_.answered("lobby", "b", now_ + Milliseconds{1});
  EXPECT_EQ(latest(), "b");
  instances_.answered("lobby", "a", now_ + Milliseconds{2});
  EXPECT_EQ(latest(), "a");
  EXPECT_EQ(latest({"a"}), "b");
  EXPECT_EQ(latest({"a", "b"}), "");
}

TEST_F(Instances, OfOtherDaemonsAreNotUsed) {
  instances_.answered("session", "a", now_);
  EXPECT_EQ(latest(), "");
}

TEST_F(Instances, AreForgottenWithTime) {
  instances_.answered("lobby", "a", now_);
  now_ += AnsweringInstances::kMemory;
  EXPECT_EQ(latest(), "a");
  now_ += Milliseconds{1};
  EXPECT_EQ(latest(), "");
}

TEST_F(Instances, AreForgottenWhenTheyAreGone) {
  instances_.answered("lobby", "a", now_);
  instances_.forget("lobby", "a");
  EXPECT_EQ(latest(), "");
}

TEST_F(Instances, AreLimitedInNumber) {
  for (std::size_t i = 0; i <= AnsweringInstances::kMaxInstances; ++i) {
    instances_.answered("lobby", std::to_string(i), now_ + Milliseconds{i});
  }
  std::vector<std::string> others;
  for (std::size_t i = 1; i <= AnsweringInstances::kMaxInstances; ++i) others.push_back(std::to_string(i));
  EXPECT_EQ(latest(others), "") << "the instance that has been silent for the longest time was forgotten";
  others.pop_back();
  EXPECT_EQ(latest(others), std::to_string(AnsweringInstances::kMaxInstances));
}

}  // namespace
}  // namespace mm::gateway
