// Tests the change numbers: which tenants a tick reads, and which changes it reports.
#include "services/matchmaker/owner/change_numbers.h"

#include <gtest/gtest.h>

#include <set>

namespace mm::matchmaker {
namespace {

Tenant tenant(int number) { return *Tenant::parse("t" + std::to_string(number)); }

class ReadsOfATick : public ::testing::Test {
 protected:
  void add(int tenants) {
    for (int i = 0; i < tenants; ++i) numbers_.add(tenant(i), now_);
  }
  /// The tenants that one tick reads, if the queue answers with the numbers in `queue_`.
  std::set<Tenant> tick(bool all = false) {
    now_ += Milliseconds{100};
    const auto read = numbers_.next(now_, all).tenants();
    std::vector<std::int64_t> answer;
    for (const auto& one : read) answer.push_back(queue_[one]);
    for (const auto& change : numbers_.update(answer, now_)) changed_.emplace_back(change.tenant, change.number);
    return {read.begin(), read.end()};
  }
  void let_all_become_quiet() { now_ += ChangeNumbers::kQuietAfter; }

  SteadyPoint now_{std::chrono::hours(1)};
  ChangeNumbers numbers_{Uuid{}};
  std::map<Tenant, std::int64_t> queue_;
  std::vector<std::pair<Tenant, std::int64_t>> changed_;
};

TEST_F(ReadsOfATick, AreAllTenantsWhileFewAreQuiet) {
  add(200);
  let_all_become_quiet();
  EXPECT_EQ(tick().size(), 200U);
  EXPECT_EQ(tick().size(), 200U);
}

TEST_F(ReadsOfATick, AreTheBusyTenantsAndATurnOfTheQuietOnes) {
  add(1'000);
  let_all_become_quiet();
  queue_[tenant(7)] = 1;
  for (int i = 0; i < 5; ++i) tick();
  ASSERT_EQ(changed_, (std::vector{std::pair(tenant(7), std::int64_t{1})}));
  std::set<Tenant> read;
  for (int i = 0; i < 5; ++i) {
    const auto of_tick = tick();
    EXPECT_LE(of_tick.size(), 201U);
    EXPECT_TRUE(of_tick.contains(tenant(7))) << "a busy tenant is read at every tick";
    read.insert(of_tick.begin(), of_tick.end());
  }
  EXPECT_EQ(read.size(), 1'000U) << "after five ticks every tenant was read";
  let_all_become_quiet();
  int reads = 0;
  for (int i = 0; i < 5; ++i) reads += tick().contains(tenant(7)) ? 1 : 0;
  EXPECT_EQ(reads, 1) << "a tenant without changes becomes quiet again";
}

TEST_F(ReadsOfATick, AreAllTenantsOnDemand) {
  add(1'000);
  let_all_become_quiet();
  queue_[tenant(999)] = 3;
  EXPECT_EQ(tick(true).size(), 1'000U);
  EXPECT_EQ(changed_.size(), 1U);
  EXPECT_TRUE(tick().contains(tenant(999)));
}

TEST_F(ReadsOfATick, FollowAddedAndRemovedTenants) {
  add(1'000);
  let_all_become_quiet();
  tick();
  numbers_.add(tenant(5'000), now_);
  EXPECT_TRUE(tick().contains(tenant(5'000))) << "a new tenant is busy";
  numbers_.remove(tenant(5'000));
  EXPECT_FALSE(tick(true).contains(tenant(5'000)));
  EXPECT_TRUE(changed_.empty());
}

}  // namespace
}  // namespace mm::matchmaker
