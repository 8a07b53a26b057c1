// Redis "queue" loses its data under load: it is emptied while it runs, and replaced by an earlier state of itself. No
// player is in two matches, no ticket is played twice, every result is rated once, and matching goes on.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/contracts/queue_generation.h"
#include "common/testing/wait.h"
#include "tests/chaos/recovery/world.h"

namespace mm::chaos {
namespace {

using testing::eventually;

constexpr double kRate = 20;
constexpr std::size_t kBetween = 60;  ///< results between two losses
constexpr std::chrono::seconds kNormalTimeout{30};

/// Counts rows of session.match by ticket: those of matches that satisfy `condition` and share a ticket.
std::string shared_tickets(const std::string& condition) {
  return "SELECT count(*) FROM (SELECT player->>'ticket_id' FROM session.match m, jsonb_array_elements(m.roster) team, "
         "jsonb_array_elements(team->'players') player WHERE " +
         condition + " GROUP BY 1 HAVING count(*) > 1) shared";
}

class WentBack : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.players->set_rate(kRate);
    play_some();
  }

  void play_some() {
    const auto from = world_.games->reported();
    ASSERT_TRUE(eventually([&] { return world_.games->reported() >= from + kBetween; }, std::chrono::seconds(90)));
  }
  std::int64_t number() {
    const auto reply = redis_.command({"HGET", "mm:generation", "number"}, testing::soon());
    return reply && !reply->is_nil() ? std::stoll(reply->text) : 0;
  }
  std::int64_t epoch() {
    const auto reply = redis_.command({"GET", "mm:{default}:epoch"}, testing::soon());
    return reply && !reply->is_nil() ? std::stoll(reply->text) : 0;
  }
  /// Waits until the generation with this number has begun, and a match that was found later has a server.
  void expect_normal_again(std::int64_t generation, const char* after) {
    const auto since = SystemClock{}.now();
    const auto started = std::chrono::steady_clock::now();
    EXPECT_TRUE(
        eventually([&] { return number() == generation && world_.watcher->ready_of_later(since); }, kNormalTimeout))
        << after << ": the generation is " << number();
    std::printf("%s: a new match was ready after %.1f s\n", after,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    EXPECT_GT(epoch(), last_epoch_) << after;
    last_epoch_ = epoch();
  }
  /// FLUSHALL is forbidden to the operator.
  void empty_queue() {
    const auto emptied = redis_.command(
        {"EVAL", "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', k) end", "0"}, testing::soon());
    ASSERT_TRUE(emptied.ok()) << emptied.error().text;
  }
  std::string copy_state() {
    const auto copy = world_.queue.data_folder() + ".copy";
    world_.queue.stop();
    std::filesystem::copy(world_.queue.data_folder(), copy, std::filesystem::copy_options::recursive);
    world_.queue.restart();
    return copy;
  }
  void replace_state(const std::string& copy) {
    world_.queue.stop();
    std::filesystem::remove_all(world_.queue.data_folder());
    std::filesystem::copy(copy, world_.queue.data_folder(), std::filesystem::copy_options::recursive);
    world_.queue.restart();
  }
  void expect_each_played_once() {
    world_.players->set_rate(0);
    EXPECT_TRUE(eventually([&] { return world_.live_matches() == 0; }, std::chrono::seconds(90)))
        << world_.live_matches() << " matches still hold their players";
    auto& database = world_.database;
    EXPECT_EQ(database.number(shared_tickets("m.state = 'completed'")), 0) << "a ticket was played twice";
    EXPECT_EQ(database.number(shared_tickets("m.state <> 'cancelled'")), 0);
    const auto completed = database.number("SELECT count(*) FROM session.match WHERE state = 'completed'");
    EXPECT_TRUE(eventually([&] { return database.number("SELECT count(*) FROM profile.applied") == completed; },
                           std::chrono::seconds(60)));
    EXPECT_EQ(database.number("SELECT count(*) FROM session.live_player"), 0);
    std::printf(
        "%lld matches completed, %lld conflicts\n", static_cast<long long>(completed),
        static_cast<long long>(database.number("SELECT count(*) FROM session.match WHERE reason = 'conflict'")));
  }

  World world_;
  storage::Redis redis_{testing::redis_options(world_.queue)};
  std::int64_t last_epoch_ = 0;
};

TEST_F(WentBack, AnEmptiedQueueUnderLoadPlaysNoTicketTwice) {
  empty_queue();
  expect_normal_again(2, "emptied");
  play_some();
  empty_queue();
  world_.replace_matchmaker();
  expect_normal_again(3, "emptied, and the matchmaker killed");
  play_some();
  expect_each_played_once();
}

TEST_F(WentBack, AnOlderQueueUnderLoadPlaysNoTicketTwice) {
  const auto copy = copy_state();
  play_some();
  replace_state(copy);
  expect_normal_again(2, "replaced by an older state");
  play_some();
  replace_state(copy);
  world_.replace_matchmaker();
  expect_normal_again(3, "replaced again, and the matchmaker killed");
  play_some();
  expect_each_played_once();
}

}  // namespace
}  // namespace mm::chaos
