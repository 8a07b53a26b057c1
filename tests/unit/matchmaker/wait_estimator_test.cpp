// Tests of the wait estimator, for buckets that this instance owns and for buckets of other instances.
#include "services/matchmaker/waits/wait_estimator.h"

#include <gtest/gtest.h>

#include "common/testing/wait.h"
#include "services/matchmaker/owner/bucket_state.h"

namespace mm::matchmaker {
namespace {

const Bucket kBucket{*Tenant::parse("studio"), *Mode::parse("ranked"), *Region::parse("eu-west"), 5};

ModeRules rules() {
  ModeRules rules;
  rules.id = kBucket.mode;
  rules.team_sizes = {5};
  rules.widen_seconds = 20;
  rules.max_wait_seconds = 300;
  return rules;
}

/// The wait estimator of an instance that owns the bucket. It has seen matches after 1 s at a rating of 1500 and after
/// 60 s at 2300.
class Owner {
 public:
  Owner() : estimator(clock), pool_(kBucket, rules(), true) {
    add_matches(1, {1500, 1}, 1'000);
    pass_seconds(500);
    add_matches(60, {1500, 1}, 1'000);
    add_matches(60, {2300, 1}, 60'000);
  }

  void add_matches(int matches, const WaitEstimator::Kind& kind, BucketMs waited) {
    for (int i = 0; i < matches; ++i) {
      clock.advance(Milliseconds{50});
      estimator.matched(kBucket.text(), rules(), kind, waited);
    }
  }

  void pass_seconds(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock.advance(Milliseconds{1'000});
      estimator.sample_waits(kBucket.text(), rules(), pool_.pool(), pool_.take_departures(), 0);
    }
  }

  BucketSummary summary() {
    BucketSummary summary;
    summary.tenant = kBucket.tenant;
    summary.mode = kBucket.mode;
    summary.region = kBucket.region;
    summary.team_size = kBucket.team_size;
    const auto overall = estimator.overall(kBucket.text());
    summary.wait_p50_ms = static_cast<std::int64_t>(overall.p50_ms);
    summary.wait_p90_ms = static_cast<std::int64_t>(overall.p90_ms);
    summary.waits = estimator.by_kind(kBucket.text());
    return summary;
  }

  testing::ManualClock clock;
  WaitEstimator estimator;

 private:
  BucketState pool_;
};

double p50_at(const WaitEstimator& estimator, double rating, int size = 1) {
  return estimator.estimate(kBucket.text(), rules(), {rating, size}, 0).p50_ms;
}

TEST(WaitsInBucketsOfOtherInstances, AreEstimatedByRating) {
  Owner owner;
  owner.pass_seconds(2);
  WaitEstimator other(owner.clock);
  other.learn({owner.summary()});
  EXPECT_NEAR(p50_at(other, 1500), 1'000, 100);
  EXPECT_NEAR(p50_at(other, 1400), 1'000, 100);
  EXPECT_NEAR(p50_at(other, 2300), 60'000, 1'000);
  EXPECT_NEAR(p50_at(other, 3000), 60'000, 1'000) << "the estimate for the nearest rating is used";
  EXPECT_NEAR(p50_at(other, 1500), p50_at(owner.estimator, 1500), 100) << "the owner has the same estimate";
}

TEST(WaitsInBucketsOfOtherInstances, AreEstimatedByPartySize) {
  Owner owner;
  owner.add_matches(30, {1500, 3}, 9'000);
  owner.pass_seconds(2);
  WaitEstimator other(owner.clock);
  other.learn({owner.summary()});
  EXPECT_NEAR(p50_at(other, 1500, 1), 1'000, 200);
  EXPECT_NEAR(p50_at(other, 1500, 3), 9'000, 200);
}

TEST(WaitsInBucketsOfOtherInstances, FollowLaterSummariesOfTheOwner) {
  Owner owner;
  owner.pass_seconds(2);
  owner.add_matches(200, {1500, 1}, 30'000);
  owner.pass_seconds(2);
  WaitEstimator other(owner.clock);
  other.learn({owner.summary()});
  EXPECT_NEAR(p50_at(other, 1500), 30'000, 1'000);
  owner.pass_seconds(900);  // none of the matches is recent any more
  EXPECT_TRUE(owner.estimator.by_kind(kBucket.text()).empty());
  other.learn({owner.summary()});
  EXPECT_DOUBLE_EQ(p50_at(other, 1500), 10'000) << "the estimate from the rules of the mode";
}

TEST(WaitsInBucketsOfOtherInstances, AreTheSameForAllRatingsIfTheSummaryHasNone) {
  Owner owner;
  WaitEstimator other(owner.clock);
  auto summary = owner.summary();
  summary.waits.clear();
  other.learn({summary});
  EXPECT_DOUBLE_EQ(p50_at(other, 1500), static_cast<double>(summary.wait_p50_ms));
  EXPECT_DOUBLE_EQ(p50_at(other, 2300), static_cast<double>(summary.wait_p50_ms));
}

}  // namespace
}  // namespace mm::matchmaker
