// Tests of clients that reconnect and name the last frame that they have: the missed frames are replayed, at any
// gateway, or the client gets only a welcome.
#include "tests/integration/gateway/socket_players.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "services/gateway/core/token_bucket.h"

namespace mm::gateway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Instance& other_gateway() {
  gateway();  // made first, so it is destroyed last
  static Instance other;
  return other;
}

/// A player whose only socket has received `welcome` and is closed again. The number of the last frame.
std::int64_t last_of_closed_socket(const Player& player, Instance& at = gateway()) {
  std::int64_t seq = 0;
  {
    Welcomed one(player, at);
    frame_sender().chat(player, "seen");
    const auto frame = one.socket.read();
    EXPECT_EQ(frame.at("data/text"), "seen");
    seq = std::stoll(frame.at("seq"));
  }
  EXPECT_TRUE(mm::testing::eventually([&] { return frame_sender().sockets_of(player) == 0; }));
  return seq;
}

std::string hello(const Player& player, std::int64_t seen) {
  return R"({"type":"hello","ref":"r","token":")" + player.token + R"(","resume":{"seq":)" + std::to_string(seen) +
         "}}";
}

TEST(Resume, FramesThatWereMissedAreReplayedByAnotherGateway) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  frame_sender().chat(player, "one");
  frame_sender().chat(player, std::string(3'000, 'x'));  // longer than a piece of the log
  Resumed again(player, seen, other_gateway());
  EXPECT_THAT(again.texts(), ElementsAre("one", std::string(3'000, 'x')));
  EXPECT_TRUE(again.resumed());
  ASSERT_EQ(again.missed.size(), 2u);
  EXPECT_EQ(again.missed[0].at("seq"), std::to_string(seen + 1));
  EXPECT_EQ(again.missed[1].at("seq"), std::to_string(seen + 2));
  EXPECT_EQ(again.seq(), seen + 2);
  frame_sender().chat(player, "live");
  const auto live = again.socket.read();
  EXPECT_EQ(live.at("data/text"), "live");
  EXPECT_EQ(live.at("seq"), std::to_string(seen + 3));
}

TEST(Resume, AFirstHelloAndALaterHelloMayNameTheNumberToo) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  frame_sender().chat(player, "one");
  WebSocket browser(other_gateway().port(), "/v1/ws");
  browser.send(hello(player, seen));
  EXPECT_EQ(browser.read().at("data/text"), "one");
  auto welcome = browser.read();
  EXPECT_EQ(welcome.at("event") + welcome.at("data/resumed") + welcome.at("ref"), "welcometruer");

  Welcomed native(player);
  EXPECT_EQ(native.welcome.at("data/resumed"), "false") << "the client has named no number";
  native.socket.send(hello(player, seen));
  EXPECT_EQ(native.socket.read().at("data/text"), "one");
  welcome = native.socket.read();
  EXPECT_EQ(welcome.at("event") + welcome.at("data/resumed") + welcome.at("ref"), "welcometruer");
  EXPECT_EQ(welcome.at("seq"), native.welcome.at("seq"));
}

TEST(Resume, AHelloWhileTheStateIsReadIsAnsweredByOneWelcome) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  frame_sender().chat(player, "one");
  std::atomic<bool> sent{false};
  fake<GetMatch>().answer([&](const GetMatch&, const bus::Context&) -> Reply<MatchView> {
    mm::testing::eventually([&] { return sent.load(); });
    return refuse(Code::no_match);
  });
  const auto before = gateway().metric("mm_gateway_frames_received_total");
  WebSocket socket(gateway().port(), "/v1/ws", player.auth());
  socket.send(hello(player, seen));
  ASSERT_TRUE(
      mm::testing::eventually([&] { return gateway().metric("mm_gateway_frames_received_total") == before + 1; }));
  socket.send(R"({"type":"ping"})");  // its answer follows the handling of the hello
  EXPECT_EQ(socket.read().at("event"), "pong");
  sent = true;
  EXPECT_EQ(socket.read().at("data/text"), "one");
  const auto welcome = socket.read();
  EXPECT_EQ(welcome.at("event") + welcome.at("data/resumed") + welcome.at("ref"), "welcometruer");
}

TEST(Resume, AClientThatHasMissedNothingGetsOnlyTheWelcome) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  Resumed again(player, seen);
  EXPECT_THAT(again.missed, IsEmpty());
  EXPECT_TRUE(again.resumed());
  EXPECT_EQ(again.seq(), seen);
}

TEST(Resume, TheLogHasTheLast64ShortFramesAndAClientThatMissedMoreGetsTheStateAndWhatEnded) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  for (int i = 1; i <= 64; ++i) frame_sender().chat(player, std::to_string(i));
  Resumed just_in_time(player, seen, other_gateway());
  ASSERT_EQ(just_in_time.missed.size(), 64u);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(just_in_time.missed[i].at("data/text"), std::to_string(i + 1));
    EXPECT_EQ(just_in_time.missed[i].at("seq"), std::to_string(seen + static_cast<std::int64_t>(i) + 1));
  }
  EXPECT_TRUE(just_in_time.resumed());

  frame_sender().chat(player, "65");
  RecentMatch ended;
  ended.match_id = MatchId::fresh(SystemClock{}.now());
  ended.mode = ranked_mode();
  ended.region = default_region();
  ended.status = MatchStatus::cancelled;
  ended.reason = CancelReason::voided;
  ended.requeued = false;
  fake<GetRecentMatches>().answer(RecentMatches{{ended}});
  const auto impossible = gateway().metric("mm_gateway_replays_impossible_total");
  Resumed too_late(player, seen);
  EXPECT_THAT(too_late.missed, IsEmpty()) << "all missed frames or none";
  EXPECT_FALSE(too_late.resumed());
  EXPECT_EQ(too_late.seq(), seen + 65);
  EXPECT_EQ(too_late.welcome.at("data/recent/0/match_id"), ended.match_id.to_string());
  EXPECT_EQ(gateway().metric("mm_gateway_replays_impossible_total"), impossible + 1);
}

TEST(Resume, NumbersThatAreNotThePlayersAreAnsweredByAWelcome) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  frame_sender().chat(player, "one");
  for (const auto number :
       {std::int64_t{0}, std::int64_t{1}, seen - 5, seen + 2, std::int64_t{9'000'000'000'000'000}}) {
    Resumed again(player, number);
    EXPECT_THAT(again.missed, IsEmpty()) << number;
    EXPECT_FALSE(again.resumed()) << number;
    EXPECT_EQ(again.seq(), seen + 1);
  }
  const auto status = [&](const std::string& query) {
    return WebSocket(gateway().port(), "/v1/ws?" + query, player.auth()).answer().status;
  };
  EXPECT_EQ(status("resume=-1"), 422);
  EXPECT_EQ(status("resume=x"), 422);
  EXPECT_EQ(status("resume=1.5"), 422);
  EXPECT_EQ(status("resume=9000000000000001"), 422);
  EXPECT_EQ(status("resume=1&token=x"), 400);
}

TEST(Resume, AfterTheCacheWasLostOldNumbersAreNotTakenForNewOnes) {
  World world;
  nobody_is_in(world);
  Instance at({}, world);
  Instance there({}, world);
  storage::Redis cache{mm::testing::redis_options(world.cache)};
  SystemClock clock;
  bus::Notifier notifier{*world.bus, cache, clock};
  const auto player = fresh_player();
  const auto chat = [&](const std::string& text) {
    notifier.notify(default_tenant(), {player.id}, frames::ChatMessage{PartyId{}, player.id, player.name, text});
  };
  Welcomed one(player, at);
  for (const auto* text : {"1", "2", "3"}) chat(text);
  std::int64_t seen = 0;
  for (int i = 0; i < 3; ++i) seen = std::stoll(one.socket.read().at("seq"));
  world.cache.kill();
  world.cache.restart_without_state();
  EXPECT_FALSE(one.socket.read_event("welcome").at("data/resumed") == "true");
  // The client has three frames of the counter that was lost. Of the new counter it has none, and the fourth and fifth
  // frame must not be taken for the only ones that it has missed.
  for (const auto* text : {"a", "b", "c", "d", "e"}) chat(text);
  Resumed again(player, seen, there);
  EXPECT_THAT(again.missed, IsEmpty());
  EXPECT_FALSE(again.resumed());
  EXPECT_GT(again.seq(), seen + 5);
  chat("f");
  EXPECT_EQ(again.socket.read().at("data/text"), "f");
}

TEST(Resume, FramesThatTheBusHasLostAreReplayedBeforeTheNextOne) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Resumed one(player, 0);
  frame_sender().lose(player, "lost");
  frame_sender().chat(player, "next");
  one.read();
  EXPECT_THAT(one.texts(), ElementsAre("lost", "next"));
  EXPECT_TRUE(one.resumed());
  frame_sender().chat(player, "live");
  EXPECT_EQ(one.socket.read().at("data/text"), "live");
}

TEST(Resume, AReplayedFrameThatArrivesOnTheBusAfterwardsIsDropped) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  frame_sender().chat(player, "one");
  frame_sender().chat(player, "two");
  std::atomic<bool> duplicated{false};
  fake<GetMatch>().answer([&](const GetMatch&, const bus::Context&) -> Reply<MatchView> {
    // The replay is over, and the welcome is not sent yet.
    if (!duplicated.exchange(true)) frame_sender().raw(player, seen + 2);
    return refuse(Code::no_match);
  });
  Resumed again(player, seen);
  EXPECT_THAT(again.texts(), ElementsAre("one", "two"));
  frame_sender().raw(player, seen + 1);
  frame_sender().chat(player, "live");
  EXPECT_EQ(again.socket.read().at("data/text"), "live");
}

TEST(Resume, AReplayDoesNotWaitForTheState) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto seen = last_of_closed_socket(player);
  frame_sender().chat(player, "one");
  std::atomic<bool> away{true};
  fake<GetTicket>().answer([&](const GetTicket&, const bus::Context&) -> Reply<Ticket> {
    return refuse(away ? Code::unavailable : Code::not_found);
  });
  WebSocket socket(gateway().port(), "/v1/ws?resume=" + std::to_string(seen), player.auth());
  EXPECT_EQ(socket.read().at("data/text"), "one");
  ASSERT_TRUE(mm::testing::eventually([] { return fake<GetTicket>().requests() >= 2; })) << "the state is tried again";
  away = false;
  const auto welcome = socket.read();
  EXPECT_EQ(welcome.at("event") + welcome.at("data/resumed"), "welcometrue") << "the frame is replayed once";
}

TEST(Resume, FramesSentDuringManyReconnectsArriveOnceAndInOrder) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  constexpr std::int64_t kFrames = 600;
  std::int64_t first = 0;
  {
    Welcomed one(player);
    first = one.seq();
  }
  std::atomic<std::int64_t> received{0};
  std::thread sending([&] {
    for (std::int64_t i = 1; i <= kFrames; ++i) {
      // Fewer frames than the log holds are under way, so every replay is possible.
      mm::testing::eventually([&] { return i - received < 40; });
      frame_sender().chat(player, std::to_string(i));
    }
  });
  int reconnects = 0;
  while (received < kFrames && !HasFailure()) {
    auto& at = ++reconnects % 2 == 0 ? gateway() : other_gateway();
    // The clocks stand still, and among too many sockets the oldest by its time is closed.
    gateway().clock.advance(Milliseconds{1});
    other_gateway().clock.advance(gateway().clock.now() - other_gateway().clock.now());
    WebSocket socket(at.port(), "/v1/ws?resume=" + std::to_string(first + received), player.auth());
    // Some connections end before the welcome, some among the first live frames.
    for (int i = 0; i < 3 + reconnects % 23 && received < kFrames; ++i) {
      const auto frame = socket.read();
      EXPECT_EQ(frame.opcode, 1) << frame.payload;
      if (HasFailure()) break;
      if (frame.at("event") == "welcome") {
        EXPECT_EQ(frame.at("data/resumed"), "true");
        EXPECT_EQ(frame.at("seq"), std::to_string(first + received));
        continue;
      }
      const auto next = received + 1;
      EXPECT_EQ(frame.at("seq"), std::to_string(first + next));
      EXPECT_EQ(frame.at("data/text"), std::to_string(next));
      received = next;
    }
  }
  received = kFrames;
  sending.join();
  EXPECT_GT(reconnects, 20);
}

TEST(Resume, AReaderThatStopsIsCutDuringReplaysToo) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Instance own;
  const auto seen = last_of_closed_socket(player, own);
  for (int i = 0; i < 60; ++i) frame_sender().chat(player, std::string(220, 'x'));  // one piece each
  Target target(own.port());
  target.receive_buffer = 4'096;
  WebSocket stuck(target, "/v1/ws", player.auth());
  // Each hello asks for the whole log. The next one is sent when the log was queued, so that none is merged with
  // another, and no faster than the gateway allows frames.
  constexpr Quota kFrames{30, Seconds{2}};
  TokenBucket allowance(kFrames, std::chrono::steady_clock::now());
  const auto is_cut = [&] { return own.metric("mm_gateway_sockets_too_slow_total") == 1; };
  for (int i = 1; i <= 1'000 && !is_cut(); ++i) {
    mm::testing::eventually([&] { return allowance.take(kFrames, std::chrono::steady_clock::now()).allowed; });
    stuck.send(hello(player, seen));
    ASSERT_TRUE(mm::testing::eventually(
        [&] { return is_cut() || own.metric("mm_gateway_frames_replayed_total") >= 60.0 * i; }));
  }
  EXPECT_EQ(own.metric("mm_gateway_sockets_too_slow_total"), 1);
  const auto code = stuck.read_close();
  EXPECT_TRUE(code == 4413 || code == 0) << code;
  EXPECT_TRUE(mm::testing::eventually([&] { return frame_sender().sockets_of(player) == 0; }));
}

}  // namespace
}  // namespace mm::gateway::testing
