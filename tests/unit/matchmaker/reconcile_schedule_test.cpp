// Tests of the schedule by which the matchmaker asks session about its matches: the pauses, the order, and a model of
// matchmaker and session under random faults.
#include "services/matchmaker/after_commit/reconcile_schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace mm::matchmaker {
namespace {

const Tenant kTenant = default_tenant();
const SteadyPoint kStart{Seconds(100)};

MatchId match(int number) {
  Uuid id;
  id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return MatchId(id);
}

std::vector<MatchId> matches(int from, int to) {
  std::vector<MatchId> ids;
  for (int i = from; i < to; ++i) ids.push_back(match(i));
  return ids;
}

TEST(ReconcileSchedule, DoublesThePauseFromTwoSecondsUpToAMinute) {
  ReconcileSchedule schedule;
  schedule.follow_unconfirmed(kTenant, {match(1)}, kStart);
  std::vector<std::int64_t> asked_at;
  for (Milliseconds at{0}; at < Seconds(260); at += Milliseconds{500}) {
    schedule.follow_unconfirmed(kTenant, {match(1)}, kStart + at);
    if (!schedule.take(100, kStart + at).empty()) asked_at.push_back(at.count() / 1'000);
  }
  EXPECT_EQ(asked_at, (std::vector<std::int64_t>{2, 6, 14, 30, 62, 122, 182, 242}));
  EXPECT_TRUE(schedule.is_stuck({kTenant, match(1)}));
}

TEST(ReconcileSchedule, AsksAboutUnconfirmedMatchesFirst) {
  ReconcileSchedule schedule;
  schedule.follow_live(kTenant, matches(0, 10), kStart);
  schedule.follow_unconfirmed(kTenant, matches(10, 20), kStart + Seconds(13));
  const auto taken = schedule.take(15, kStart + Seconds(15));
  ASSERT_EQ(taken.size(), 15U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_GE(taken[i].second, match(10)) << i;
  for (std::size_t i = 10; i < 15; ++i) EXPECT_LT(taken[i].second, match(10)) << i;
}

TEST(ReconcileSchedule, AConfirmedMatchIsAskedAboutFifteenSecondsLater) {
  ReconcileSchedule schedule;
  schedule.follow_unconfirmed(kTenant, {match(1)}, kStart);
  ASSERT_EQ(schedule.take(100, kStart + Seconds(2)).size(), 1U);
  schedule.confirmed({kTenant, match(1)}, kStart + Seconds(2));
  EXPECT_EQ(schedule.unconfirmed(), 0U);
  EXPECT_TRUE(schedule.take(100, kStart + Seconds(16)).empty());
  EXPECT_EQ(schedule.take(100, kStart + Seconds(17)).size(), 1U);
}

TEST(ReconcileSchedule, RemovesMatchesThatAreOver) {
  ReconcileSchedule schedule;
  const auto other = *Tenant::parse("other");
  schedule.follow_unconfirmed(kTenant, matches(0, 4), kStart);
  schedule.follow_unconfirmed(other, matches(0, 4), kStart);
  schedule.follow_unconfirmed(kTenant, matches(2, 4), kStart);
  EXPECT_EQ(schedule.size(), 6U);
  schedule.follow_live(kTenant, {match(3)}, kStart);
  EXPECT_EQ(schedule.size(), 5U);
  schedule.over({kTenant, match(3)});
  schedule.forget(other);
  EXPECT_EQ(schedule.size(), 0U);
}

TEST(ReconcileSchedule, AsksAboutAllMatchesAtOnceWhenSessionAnswersAgain) {
  ReconcileSchedule schedule;
  schedule.follow_unconfirmed(kTenant, matches(0, 3), kStart);
  auto now = kStart;
  for (; now < kStart + Seconds(60); now += Milliseconds{500}) schedule.take(100, now);
  schedule.retry_unanswered(now);
  EXPECT_EQ(schedule.take(100, now).size(), 3U);
}

/// A model in which the matchmaker crashes, session pauses, answers get lost, and the stream loses or delays events.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  void run() {
    while (now_ < kStart + kFaults) step(true);
    const auto healed = now_;
    while ((!unconfirmed_.empty() || now_ < healed + Seconds(2)) && now_ < healed + Seconds(60)) step(false);
    EXPECT_TRUE(unconfirmed_.empty()) << unconfirmed_.size() << " matches stay unconfirmed";
    // The matches that the faults left are asked about at 200 a second. Added are the first look and one pause.
    const auto bound = Milliseconds(static_cast<std::int64_t>(left_ * 5)) + Seconds(6);
    EXPECT_LE(now_ - healed, bound) << left_ << " matches were unconfirmed after the faults";
    for (const auto& [id, times] : times_stored_) EXPECT_EQ(times, 1);
    EXPECT_LE(most_in_a_second_, 200U);
    for (const auto& [id, count] : requests_) {
      EXPECT_LE(count, 60) << "requests about one match in " << kFaults.count() / 1'000 << " s";
    }
  }

 private:
  static constexpr Milliseconds kFaults{120'000};

  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }

  void step(bool faults) {
    now_ += Milliseconds{500};
    if (faults) {
      if (chance(0.02)) schedule_ = {};  // the matchmaker crashed, and another instance took over
      if (chance(0.05)) session_answers_ = !session_answers_;
      commit(static_cast<int>(random_() % 20));
    } else {
      if (!session_answers_) session_answers_ = true;
      left_ = std::max(left_, unconfirmed_.size());
    }
    deliver(faults);
    follow();
    send_requests(faults);
  }

  void commit(int count) {
    for (int i = 0; i < count; ++i) {
      const auto id = match(next_++);
      unconfirmed_.insert(id);
      live_.insert(id);
      if (!chance(0.3)) stream_.push_back(id);  // the other events are lost
    }
  }

  // An event may be delivered several times. A session that does not answer takes none.
  void deliver(bool faults) {
    if (!session_answers_) return;
    for (const auto& id : stream_) {
      for (int copy = 0; copy < (faults && chance(0.1) ? 3 : 1); ++copy) store(id);
      if (!chance(0.3)) unconfirmed_.erase(id);  // the answer may be lost, too
    }
    stream_.clear();
  }

  void store(MatchId id) {
    if (rows_.insert(id).second) ++times_stored_[id];
  }

  void follow() {
    if (++rounds_ % 4 == 0) schedule_.follow_unconfirmed(kTenant, {unconfirmed_.begin(), unconfirmed_.end()}, now_);
    if (rounds_ % 30 == 0) schedule_.follow_live(kTenant, {live_.begin(), live_.end()}, now_);
  }

  void send_requests(bool faults) {
    auto taken = schedule_.take(100, now_);
    if (taken.empty() && !answered_ && rounds_ % 4 == 0) taken = schedule_.soonest();
    most_in_a_second_ = std::max(most_in_a_second_, taken.size() + taken_before_);
    taken_before_ = taken.size();
    for (const auto& [tenant, id] : taken) ++requests_[id];
    if (!session_answers_) {
      answered_ = answered_ && taken.empty();
      return;
    }
    for (const auto& [tenant, id] : taken) store(id);
    if (faults && chance(0.2)) {  // the matches are stored, but the answer is lost
      answered_ = answered_ && taken.empty();
      return;
    }
    for (const auto& one : taken) {
      unconfirmed_.erase(one.second);
      schedule_.confirmed(one, now_);
    }
    if (!answered_ && !taken.empty()) {
      answered_ = true;
      schedule_.retry_unanswered(now_);
    }
  }

  std::mt19937_64 random_;
  ReconcileSchedule schedule_;
  SteadyPoint now_ = kStart;
  bool session_answers_ = true;
  bool answered_ = true;
  int next_ = 0;
  int rounds_ = 0;
  std::size_t left_ = 0;
  std::size_t taken_before_ = 0;
  std::size_t most_in_a_second_ = 0;
  std::vector<MatchId> stream_;
  std::set<MatchId> unconfirmed_;
  std::set<MatchId> live_;
  std::set<MatchId> rows_;
  std::map<MatchId, int> times_stored_;
  std::map<MatchId, int> requests_;
};

TEST(ReconcileModel, ConfirmsEveryMatchOnceWithinABoundedTime) {
  for (std::uint64_t seed = 1; seed <= 200 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model(seed).run();
  }
}

}  // namespace
}  // namespace mm::matchmaker
