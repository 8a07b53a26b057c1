// What an instance says of waits in buckets of its own, and in those of others.
#include "services/matchmaker/waits/wait_estimator.h"

#include "services/matchmaker/owner/bucket_state.h"

#include <gtest/gtest.h>

#include "common/testing/wait.h"

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

/// The board of an instance that owns the bucket, with matches after a second at 1500 and after 60 at 2300.
class Owner {
 public:
  Owner() : board(clock), pool_(kBucket, rules(), true) {
    see(1, {1500, 1}, 1'000);
    goes_on(500);
    see(60, {1500, 1}, 1'000);
    see(60, {2300, 1}, 60'000);
  }

  void see(int matches, const WaitEstimator::Kind& kind, BucketMs waited) {
    for (int i = 0; i < matches; ++i) {
      clock.advance(Milliseconds{50});
      board.matched(kBucket.text(), rules(), kind, waited);
    }
  }

  void goes_on(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock.advance(Milliseconds{1'000});
      board.sample_waits(kBucket.text(), rules(), pool_.pool(), pool_.take_left(), 0);
    }
  }

  BucketSummary summary() {
    BucketSummary summary;
    summary.tenant = kBucket.tenant;
    summary.mode = kBucket.mode;
    summary.region = kBucket.region;
    summary.team_size = kBucket.team_size;
    const auto overall = board.overall(kBucket.text());
    summary.wait_p50_ms = static_cast<std::int64_t>(overall.p50_ms);
    summary.wait_p90_ms = static_cast<std::int64_t>(overall.p90_ms);
    summary.waits = board.by_kind(kBucket.text());
    return summary;
  }

  testing::ManualClock clock;
  WaitEstimator board;

 private:
  BucketState pool_;
};

double p50_at(const WaitEstimator& board, double rating, int size = 1) {
  return board.estimate(kBucket.text(), rules(), {rating, size}, 0).p50_ms;
}

TEST(WaitsElsewhere, AreToldByRating) {
  Owner owner;
  owner.goes_on(2);
  WaitEstimator other(owner.clock);
  other.learn({owner.summary()});
  EXPECT_NEAR(p50_at(other, 1500), 1'000, 100);
  EXPECT_NEAR(p50_at(other, 1400), 1'000, 100);
  EXPECT_NEAR(p50_at(other, 2300), 60'000, 1'000);
  EXPECT_NEAR(p50_at(other, 3000), 60'000, 1'000) << "the nearest that is known";
  EXPECT_NEAR(p50_at(other, 1500), p50_at(owner.board, 1500), 100) << "as the owner says";
}

TEST(WaitsElsewhere, AreToldByPartySize) {
  Owner owner;
  owner.see(30, {1500, 3}, 9'000);
  owner.goes_on(2);
  WaitEstimator other(owner.clock);
  other.learn({owner.summary()});
  EXPECT_NEAR(p50_at(other, 1500, 1), 1'000, 200);
  EXPECT_NEAR(p50_at(other, 1500, 3), 9'000, 200);
}

TEST(WaitsElsewhere, FollowWhatTheOwnerSeesNext) {
  Owner owner;
  owner.goes_on(2);
  owner.see(200, {1500, 1}, 30'000);
  owner.goes_on(2);
  WaitEstimator other(owner.clock);
  other.learn({owner.summary()});
  EXPECT_NEAR(p50_at(other, 1500), 30'000, 1'000);
  owner.goes_on(900);  // nothing of it is recent any more
  EXPECT_TRUE(owner.board.by_kind(kBucket.text()).empty());
  other.learn({owner.summary()});
  EXPECT_DOUBLE_EQ(p50_at(other, 1500), 10'000) << "what the rules let expect";
}

TEST(WaitsElsewhere, OfAnOwnerThatTellsNoRatingsAreTheSameForAll) {
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
