// Recovery is bounded by what was lost, not by how long the platform has run: with thousands of matches behind it and a
// steady load, each store is killed, session is paused, and PostgreSQL is paused. Within seconds after each of them is
// back new matches get their servers again and nothing is left over: every acknowledged ticket has played once or is
// still queued, and no match has more events than a stated number.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "common/testing/wait.h"
#include "tests/chaos/recovery/world.h"

namespace mm::chaos {
namespace {

using testing::eventually;

#ifdef MM_FULL_SIZE
constexpr std::size_t kBehind = 20'000;
constexpr double kHistoryRate = 250;
constexpr double kRate = 50;
constexpr std::chrono::seconds kOutage{60};
#else
constexpr std::size_t kBehind = 400;
constexpr double kHistoryRate = 60;
constexpr double kRate = 10;
constexpr std::chrono::seconds kOutage{12};
#endif
constexpr std::chrono::seconds kNormalAfterKill{5};
constexpr std::chrono::seconds kNormalAfterPause{10};
/// After the load has ended: matches that run come to their end, and every result is rated.
constexpr std::chrono::seconds kResultsTimeout{60};
/// The limit of events per match: found, ready, completed or cancelled, rated, each of them once more after a lost
/// stream.
constexpr int kMaxEvents = 8;

class Recovery : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.players->set_rate(kHistoryRate);
    ASSERT_TRUE(eventually([&] { return world_.games->reported() >= kBehind; },
                           std::chrono::seconds(static_cast<int>(kBehind / kHistoryRate * 10) + 60)))
        << world_.players->accepted() << " queued, " << world_.watcher->found() << " found, " << world_.watcher->ready()
        << " ready, " << world_.games->reported() << " reported, " << world_.games->over() << " too late";
    world_.players->set_rate(kRate);
    ASSERT_TRUE(eventually([&] { return is_normal(); }, std::chrono::seconds(60)));
    std::printf("%zu matches behind it\n", world_.games->reported());
  }

  bool is_normal() const { return static_cast<double>(world_.watcher->open()) <= std::max(kRate, 5.0); }

  void wait(std::chrono::seconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    (void)eventually([&] { return std::chrono::steady_clock::now() >= until; }, time + std::chrono::seconds(5));
  }

  /// Called at the end of an outage. Waits until a match that was found later has a server and few matches wait for
  /// one.
  void expect_normal_soon(const char* after, std::chrono::seconds bound) {
    const auto healed = SystemClock{}.now();
    const auto started = std::chrono::steady_clock::now();
    const auto open = world_.watcher->open();
    const bool normal =
        eventually([&] { return world_.watcher->ready_of_later(healed) && is_normal(); }, std::chrono::seconds(120));
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    std::printf("%s: %zu matches were open, back to normal in %.1f s\n", after, open, took);
    EXPECT_TRUE(normal) << after << ": " << world_.watcher->open() << " matches are open";
    EXPECT_LE(took, std::chrono::duration<double>(bound).count()) << after;
    wait(std::chrono::seconds(5));
    EXPECT_TRUE(eventually([&] { return is_normal(); })) << after << ": the state must stay normal";
  }

  void kill(const char* what, testing::OwnServer& store) {
    store.kill();
    store.restart();
    expect_normal_soon(what, kNormalAfterKill);
  }

  /// The load ends; no match holds its players, no acknowledged ticket is lost, every result counts once, and no match
  /// has too many events in the stream.
  void expect_all_settled(const char* after) {
    world_.players->set_rate(0);
    EXPECT_TRUE(eventually([&] { return world_.live_matches() == 0; }, std::chrono::seconds(90)))
        << world_.live_matches() << " matches still hold their players";
    const auto completed = world_.database.number("SELECT count(*) FROM session.match WHERE state = 'completed'");
    EXPECT_EQ(
        world_.database.number("SELECT count(*) FROM session.match WHERE state NOT IN ('completed', 'cancelled')"), 0);
    EXPECT_TRUE(eventually([&] { return world_.database.number("SELECT count(*) FROM profile.applied") == completed; },
                           kResultsTimeout))
        << world_.database.number("SELECT count(*) FROM profile.applied") << " of " << completed
        << " results were rated";
    const auto unaccounted = world_.unaccounted_tickets();
    EXPECT_TRUE(unaccounted.empty()) << unaccounted.size() << " tickets; " << unaccounted.begin()->first.to_string()
                                     << " " << unaccounted.begin()->second;
    const auto events = world_.events_per_match();
    int most = 0;
    std::size_t all = 0;
    for (const auto& [match, count] : events) {
      most = std::max(most, count);
      all += static_cast<std::size_t>(count);
    }
    std::printf("%s: %zu matches with %zu events in the stream, at most %d each; %lld completed, %zu cancelled\n",
                after, events.size(), all, most, static_cast<long long>(completed), world_.watcher->cancelled());
    EXPECT_LE(most, kMaxEvents);
    EXPECT_GT(events.size(), 0U);
  }

  World world_;
};

TEST_F(Recovery, IsBoundedByWhatWasLost) {
  kill("NATS killed", world_.nats);
  kill("Redis \"queue\" killed", world_.queue);
  kill("Redis \"cache\" killed", world_.cache);
  kill("PostgreSQL killed", world_.postgres);

  world_.session->freeze();
  wait(kOutage);
  world_.session->thaw();
  expect_normal_soon("session paused", kNormalAfterPause);

  world_.postgres.freeze();
  wait(kOutage);
  world_.postgres.thaw();
  expect_normal_soon("PostgreSQL paused", kNormalAfterPause);

  expect_all_settled("the outages");

  // events_per_match() has removed the consumers of the daemons. A start of nats-server creates missing consumers.
  world_.nats.restart();
  world_.players->set_rate(kRate);
  expect_normal_soon("consumers made again", kNormalAfterKill);

  world_.nats.restart_without_state();
  expect_normal_soon("NATS without its state", kNormalAfterPause);
  expect_all_settled("the loss of the stream");
}

#ifdef MM_FULL_SIZE
// The owner of the queues dies under 2,000 entries a second. Reported: the time without a match, and how many entries
// per second were really accepted.
TEST(OwnerOfTheQueues, IsReplacedUnderLoad) {
  constexpr std::size_t kEntries = 2'000;
  constexpr std::chrono::milliseconds kBound{1'500};
  World world;
  world.players = std::make_unique<Players>(world.nats, Players::Match::five_against_five, 32);
  world.players->set_rate(static_cast<double>(kEntries) / 2);
  ASSERT_TRUE(eventually([&] { return world.watcher->found() > 0; }, std::chrono::seconds(60)));
  // The second one comes when the queue has its owner.
  world.add_matchmaker();
  ASSERT_TRUE(eventually([&] { return world.players->accepted() >= 5 * kEntries; }, std::chrono::seconds(60)));
  world.matchmaker->kill();
  const auto killed = SystemClock{}.now();
  const auto before = world.players->accepted();
  ASSERT_TRUE(
      eventually([&] { return world.watcher->first_found_after(killed).has_value(); }, std::chrono::seconds(30)));
  const auto without = *world.watcher->first_found_after(killed) - killed;
  ASSERT_TRUE(eventually([&] { return world.players->accepted() >= before + 5 * kEntries; }, std::chrono::seconds(60)));
  const auto seconds = std::chrono::duration<double>(SystemClock{}.now() - killed).count();
  std::printf("%.2f s without a match; %.0f entries per second accepted after the kill\n",
              std::chrono::duration<double>(without).count(),
              static_cast<double>(world.players->accepted() - before) / seconds);
  EXPECT_GT(without, kBound / 5) << "the matchmaker that was killed was not the owner";
  EXPECT_LE(without, kBound);
  world.players->set_rate(0);
  EXPECT_TRUE(eventually([&] { return world.live_matches() == 0; }, std::chrono::seconds(90)));
  const auto unaccounted = world.unaccounted_tickets();
  EXPECT_TRUE(unaccounted.empty()) << unaccounted.size() << " tickets; " << unaccounted.begin()->second;
}
#endif

}  // namespace
}  // namespace mm::chaos
