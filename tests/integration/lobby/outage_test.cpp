// Lobby while a dependency is down, and afterwards.
#include <gtest/gtest.h>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

const Mode kRanked = *Mode::parse("ranked");

class Outage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { stack_ = std::make_unique<Stack>(); }
  static void TearDownTestSuite() { stack_.reset(); }

  static inline std::unique_ptr<Stack> stack_;
  Stack& stack = *stack_;
};

TEST_F(Outage, WithoutTheQueuesRedisAllIsUnavailableAndAfterwardsUnchanged) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto before = wire::encode(*ada.see(party));
  stack.queue_server.kill();
  EXPECT_EQ(refusal(ada.see(party)), Code::unavailable);
  EXPECT_EQ(refusal(bob.leave(party)), Code::unavailable);
  EXPECT_EQ(refusal(bob.ready(party, false)), Code::unavailable);
  EXPECT_EQ(refusal(ada.queue(party)), Code::unavailable);
  EXPECT_EQ(refusal(ada.queue_alone()), Code::unavailable);
  EXPECT_EQ(refusal(ada.cancel(party)), Code::unavailable);
  EXPECT_EQ(ada.see(party).error().retry_after_seconds, 1);
  EXPECT_TRUE(eventually([&] { return !stack.ready(); }));
  stack.queue_server.restart();
  ASSERT_TRUE(eventually([&] { return ada.see(party).ok(); }));
  EXPECT_EQ(wire::encode(*ada.see(party)), before);
  EXPECT_TRUE(eventually([&] { return ada.queue(party).ok(); }));
  EXPECT_TRUE(eventually([&] { return stack.ready(); }));
}

TEST_F(Outage, AFrozenRedisCostsNoMoreThanTheDeadline) {
  const Gamer ada(stack);
  const auto party = party_of({&ada});
  stack.queue_server.freeze();
  const auto refused = ada.send(GetParty{party, std::nullopt}, Milliseconds{500});
  stack.queue_server.thaw();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status(), 503);
  EXPECT_TRUE(eventually([&] { return ada.see(party).ok(); }));
}

TEST_F(Outage, WithoutMatchmakerNothingIsQueuedAndPartiesWork) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto before = wire::encode(*ada.see(party));
  stack.matchmaker.reset();
  EXPECT_EQ(refusal(ada.queue(party)), Code::unavailable);
  EXPECT_EQ(wire::encode(*ada.see(party)), before);
  EXPECT_TRUE(bob.ready(party, false));
  stack.matchmaker.emplace(*stack.bus, stack.queue, stack.registry);
  ASSERT_TRUE(bob.ready(party, true));
  EXPECT_TRUE(ada.queue(party));
}

TEST_F(Outage, WithoutTheCacheThereAreNoFramesButRequestsWork) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada});
  ASSERT_TRUE(stack.published.wait_for_frame(ada.id, "party_updated"));
  stack.cache_server.kill();
  EXPECT_TRUE(bob.join(party));
  EXPECT_TRUE(bob.ready(party) && ada.ready(party));
  const auto ticket = ada.queue(party);
  ASSERT_TRUE(ticket);
  EXPECT_TRUE(ada.cancel(party));
  EXPECT_TRUE(stack.ready());
  stack.cache_server.restart();
  ASSERT_TRUE(eventually([&] {
    ada.open_socket();
    return ada.chat(party, "back?") && stack.published.count(ada.id, "chat_message") > 0;
  }));
}

TEST_F(Outage, LobbyWorksAgainAfterARestartOfNats) {
  const Gamer ada(stack);
  const auto party = party_of({&ada}, true);
  stack.nats.restart();
  ASSERT_TRUE(eventually([&] { return ada.see(party).ok(); }, Milliseconds{30'000}));
  EXPECT_TRUE(eventually([&] { return ada.queue(party).ok(); }, Milliseconds{30'000}));
  ASSERT_TRUE(eventually([&] { return ada.cancel(party).ok() || ada.see(party)->status == PartyStatus::idle; }));
  ASSERT_TRUE(eventually([&] { return stack.matchmaker->relay() > 0; }, Milliseconds{30'000}));
  EXPECT_TRUE(eventually([&] { return stack.published.count(ada.id, "queue_left") > 0; }, Milliseconds{30'000}));
}

TEST_F(Outage, ARestartedLobbyHasItsParties) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob}, true);
  const auto before = wire::encode(*ada.see(party));
  stack.start_lobby();
  ASSERT_TRUE(eventually([&] { return stack.ready(); }));
  EXPECT_EQ(wire::encode(*ada.see(party)), before);
}

TEST(Start, WaitsUntilAllRatingsAreRead) {
  StackOptions options;
  options.profile_answers = false;
  std::vector<PlayerId> players;
  for (int i = 0; i < 5; ++i) {
    players.push_back(PlayerId::fresh(SystemClock{}.now()));
    options.ratings.push_back({players.back(), kRanked, 1500.0 + i * 100.25, 80, 10 + i});
  }
  Stack stack(options);
  EXPECT_FALSE(stack.ready());
  const Gamer ada(stack);
  EXPECT_EQ(refusal(ada.create()), Code::unavailable);
  stack.profile.open();
  ASSERT_TRUE(eventually([&] { return stack.ready(); }));
  EXPECT_EQ(stack.metric("mm_lobby_rating_rows"), 5);
  for (std::size_t i = 0; i < players.size(); ++i) {
    Caller caller;
    caller.role = Role::player;
    caller.player = players[i];
    EnterQueue request;
    request.mode = kRanked;
    ASSERT_TRUE(stack.bus->request(request, caller, Deadline::after(Milliseconds{5'000})));
    EXPECT_EQ(stack.matchmaker->last_enqueue_of(players[i])->players[0].mmr, 1500.0 + static_cast<double>(i) * 100.25);
  }
}

TEST(Start, AfterALongDisconnectionTheRatingsAreReadAgain) {
  Stack stack;
  const int before = stack.profile.pages_read();
  stack.nats.kill();
  ASSERT_TRUE(eventually([&] { return !stack.bus->connected(); }));
  stack.clock.advance(lobby::RatingFeed::kMaxDisconnection + Milliseconds{1});
  stack.nats.restart();
  EXPECT_TRUE(eventually([&] { return stack.profile.pages_read() > before; }, Milliseconds{30'000}));
}

TEST(Start, CanBeStoppedWhileItWaitsForTheRatings) {
  StackOptions options;
  options.profile_answers = false;
  Stack stack(options);
  EXPECT_FALSE(stack.ready());
  stack.stop_lobby();
}

}  // namespace
}  // namespace mm::testing
