// Tests of the notifier: which players get a frame, the numbers of frames, the frames that are stored, and that an
// outage of the cache delays callers only a little.
#include "common/bus/notifier.h"

#include <gmock/gmock.h>

#include "common/contracts/frames.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using ::testing::ElementsAre;
using testing::eventually;

class Notifying : public ::testing::Test {
 protected:
  struct Received {
    std::string subject;
    std::string body;
  };

  PlayerId player() { return PlayerId::fresh(SystemClock{}.now()); }
  void open_socket(PlayerId player) {
    const auto key = "mm:{default}:presence:" + player.to_string();
    ASSERT_TRUE(hands_.command({"HSET", key, "gateway-1", "1"}, soon()).ok());
  }
  /// Marks the cache as not new, so that a player without a record counts as not connected.
  void know_everybody() {
    for (const auto* tenant : {"default", "chess"}) {
      ASSERT_TRUE(hands_.command({"SET", "mm:{" + std::string(tenant) + "}:seq:seen", "1"}, soon()).ok());
    }
  }
  void send(PlayerId to, const std::string& text = "") {
    notifier_.send(default_tenant(), {{to, "chat_message", R"({"text":")" + text + R"("})"}});
  }
  std::int64_t number_of(PlayerId player) {
    const auto number = hands_.command({"GET", "mm:{default}:seq:" + player.to_string()}, soon());
    return number.ok() && !number->is_nil() ? std::stoll(number->text) : 0;
  }
  /// The pieces of the player's log.
  std::vector<std::string> log_of(PlayerId player) {
    std::vector<std::string> pieces;
    const auto log = hands_.command({"LRANGE", "mm:{default}:frames:" + player.to_string(), "0", "-1"}, soon());
    for (const auto& piece : log->items) pieces.push_back(piece.text);
    return pieces;
  }
  std::size_t count() {
    std::lock_guard lock(mutex_);
    return received_.size();
  }

  testing::OwnNats nats_;
  testing::OwnRedis cache_{testing::OwnRedis::Instance::cache};
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  storage::RedisOptions as(const std::string& user) const {
    storage::RedisOptions options;
    options.url = cache_.url_as(user);
    options.password = cache_.password_of(user);
    return options;
  }

  storage::Redis redis_{as("lobby")};
  storage::Redis hands_{
      as("operator")};  // for the test: writes as gateways do, and reads keys that daemons may not read
  testing::ManualClock clock_;
  Notifier notifier_{*bus_, redis_, clock_};
  std::mutex mutex_;
  std::vector<Received> received_;
  Subscription subscription_{*bus_, "notify.*", "", [this](std::string_view subject, std::string_view body) {
                               std::lock_guard lock(mutex_);
                               received_.push_back({std::string(subject), std::string(body)});
                             }};
};

TEST_F(Notifying, OnlyPlayersWithAnOpenSocketAreToldInOrder) {
  const auto here = player();
  const auto away = player();
  know_everybody();
  open_socket(here);
  const frames::MatchCompletedFrame frame{MatchId(), 1, 12.5};
  notifier_.notify(default_tenant(), {away, here}, frame);
  notifier_.notify(default_tenant(), {here}, frame);
  notifier_.send(default_tenant(), {{here, "queue_entered", R"({"a":1})"}, {here, "queue_left", R"({"b":2})"}});
  ASSERT_TRUE(eventually([&] { return count() == 4; }));
  std::lock_guard lock(mutex_);
  const auto number = [first = number_of(here) - 3](int i) { return std::to_string(first + i); };
  for (std::size_t i = 0; i < received_.size(); ++i) {
    EXPECT_EQ(received_[i].subject, notify_subject(here));
    EXPECT_THAT(received_[i].body, ::testing::HasSubstr("\"seq\":" + number(static_cast<int>(i)) + ","));
  }
  EXPECT_EQ(received_[0].body,
            R"({"event":"match_completed","seq":)" + number(0) +
                R"(,"data":{"match_id":"00000000-0000-0000-0000-000000000000",)"
                R"("winning_team":1,"duration_seconds":12.5},"timestamp":"2026-01-01T00:00:00.000Z"})");
  EXPECT_EQ(received_[3].body, R"({"event":"queue_left","seq":)" + number(3) +
                                   R"(,"data":{"b":2},"timestamp":"2026-01-01T00:00:00.000Z"})");
}

TEST_F(Notifying, TheLogHasTheTextOfEveryPublishedFrame) {
  const auto here = player();
  open_socket(here);
  std::string published;
  for (const std::size_t length : {0u, 400u, 520u, 3'000u}) send(here, std::string(length, 'x'));
  ASSERT_TRUE(eventually([&] { return count() == 4; }));
  std::lock_guard lock(mutex_);
  for (const auto& frame : received_) published += "\n" + frame.body;
  std::string stored;
  for (const auto& piece : log_of(here)) stored += piece;
  EXPECT_EQ(stored, published);
}

TEST_F(Notifying, TheLogKeepsTheLast64PiecesOf512Bytes) {
  const auto chatty = player();
  const auto loud = player();
  open_socket(chatty);
  open_socket(loud);
  for (int i = 1; i <= 70; ++i) send(chatty, std::to_string(i));
  const auto short_frames = log_of(chatty);
  ASSERT_EQ(short_frames.size(), 64u);
  EXPECT_THAT(short_frames.front(), ::testing::HasSubstr(R"("text":"7")"));
  EXPECT_THAT(short_frames.back(), ::testing::HasSubstr(R"("text":"70")"));
  for (int i = 0; i < 20; ++i) send(loud, std::string(4'000, 'x'));
  send(loud, std::string(100'000, 'x'));
  send(loud, "last");
  const auto long_frames = log_of(loud);
  EXPECT_EQ(long_frames.size(), 64u);
  for (const auto& piece : long_frames) EXPECT_LE(piece.size(), 512u);
  EXPECT_THAT(long_frames.back(), ::testing::StartsWith("\n{"));
  const auto left = hands_.command({"TTL", "mm:{default}:frames:" + loud.to_string()}, soon());
  EXPECT_GT(left->integer, 0);
  EXPECT_LE(left->integer, kFrameLogTime.count());
}

TEST_F(Notifying, FramesForAPlayerWhoLeftRecentlyAreStoredAndNotPublished) {
  const auto left = player();
  know_everybody();
  open_socket(left);
  send(left, "here");
  ASSERT_TRUE(eventually([&] { return count() == 1; }));
  const auto presence = "mm:{default}:presence:" + left.to_string();
  ASSERT_TRUE(hands_.command({"DEL", presence}, soon()).ok());
  const auto number = number_of(left);
  send(left, "away");
  EXPECT_EQ(number_of(left), number + 1);
  ASSERT_EQ(log_of(left).size(), 2u);
  EXPECT_THAT(log_of(left).back(), ::testing::HasSubstr("away"));
  const auto lifetime = hands_.command({"TTL", "mm:{default}:seq:" + left.to_string()}, soon());
  EXPECT_LE(lifetime->integer, kFrameLogTime.count()) << "a frame does not extend the time after the last socket";
  ASSERT_TRUE(hands_.command({"DEL", "mm:{default}:seq:" + left.to_string()}, soon()).ok());  // as after this time
  send(left, "gone");
  EXPECT_EQ(log_of(left).size(), 2u);
  EXPECT_EQ(number_of(left), 0);
  EXPECT_EQ(count(), 1u);
}

TEST_F(Notifying, ANewCounterGivesNoNumberOfTheOneBefore) {
  const auto here = player();
  open_socket(here);
  for (int i = 0; i < 10; ++i) send(here);
  const auto last = number_of(here);
  ASSERT_TRUE(hands_.command({"DEL", "mm:{default}:seq:" + here.to_string()}, soon()).ok());
  send(here);
  EXPECT_GT(number_of(here), last);
  EXPECT_LT(number_of(here), std::int64_t{1} << 53) << "clients may read numbers as doubles";
}

TEST_F(Notifying, WhileACacheWithoutDataDoesNotKnowWhoIsConnectedEverybodyIsTold) {
  const auto perhaps_here = player();
  know_everybody();
  notifier_.send(default_tenant(), {{perhaps_here, "queue_left", "{}"}});
  cache_.restart_without_state();
  EXPECT_TRUE(eventually([&] {
    notifier_.send(default_tenant(), {{perhaps_here, "queue_left", "{}"}});
    return count() > 0;
  }));
  const auto left = hands_.command({"TTL", "mm:{default}:seq:uncertain"}, soon());
  ASSERT_TRUE(left.ok());
  EXPECT_GT(left->integer, 0);
  EXPECT_LE(left->integer, 30);
}

TEST_F(Notifying, TenantsAreApart) {
  const auto here = player();
  know_everybody();
  open_socket(here);
  notifier_.send(*Tenant::parse("chess"), {{here, "queue_left", "{}"}});
  notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
  ASSERT_TRUE(eventually([&] { return count() == 1; }));
}

TEST_F(Notifying, TheCountersOfIdlePlayersGo) {
  const auto here = player();
  open_socket(here);
  send(here);
  const auto left = hands_.command({"TTL", "mm:{default}:seq:" + here.to_string()}, soon());
  ASSERT_TRUE(left.ok());
  EXPECT_GT(left->integer, 0);
  EXPECT_LE(left->integer, kFrameLogTime.count());
}

TEST_F(Notifying, ACacheThatIsDownIsNotWaitedForAgainAndAgain) {
  const auto here = player();
  open_socket(here);
  cache_.freeze();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
  // If each of 200 calls waited 200 ms, this would take 40 s.
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{20});
  cache_.thaw();
  EXPECT_TRUE(eventually([&] {
    notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
    return count() > 0;
  }));
}

}  // namespace
}  // namespace mm::bus
