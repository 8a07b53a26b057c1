// Tests of WebSockets: hello and welcome, the order of frames, commands, each reason to close, and invalid frames.
#include "tests/integration/gateway/socket_players.h"

#include <atomic>
#include <thread>

#include "common/contracts/frames.h"
#include "common/wire/codec.h"
#include "services/gateway/core/frame_order.h"

namespace mm::gateway::testing {
namespace {

std::string hello(const std::string& token) { return R"({"type":"hello","token":")" + token + "\"}"; }

TEST(Sockets, AHeaderIsWelcomedAtOnceWithTheState) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  const auto party = party_of({player});
  fake<GetParty>().answer(party);
  fake<GetMatch>().answer(match_with(player));
  Welcomed one(player);
  EXPECT_EQ(one.welcome.at("data/player/player_id"), player.id.to_string());
  EXPECT_EQ(one.welcome.at("data/player/username"), player.name);
  EXPECT_EQ(one.welcome.at("data/party/party_id"), party.party_id.to_string());
  EXPECT_EQ(one.welcome.at("data/match/join_token"), "join");
  EXPECT_EQ(one.welcome.at("data/ticket"), "");
  EXPECT_GT(one.seq(), 1'700'000'000'000'000) << "numbers start at the time in microseconds";
  EXPECT_EQ(one.welcome.at("data/resumed"), "false");
  EXPECT_EQ(one.socket.answer().header("sec-websocket-extensions"), "") << "no compression";
}

TEST(Sockets, TheSubprotocolIsOurs) {
  nobody_is_anywhere();
  WebSocket ours(gateway().port(), "/v1/ws", with(fresh_player().auth(), "Sec-WebSocket-Protocol", "soap, mm.v1.json"));
  EXPECT_EQ(ours.answer().header("sec-websocket-protocol"), "mm.v1.json");
  WebSocket foreign(gateway().port(), "/v1/ws", with(fresh_player().auth(), "Sec-WebSocket-Protocol", "soap"));
  EXPECT_EQ(foreign.answer().status, 400);
  WebSocket deflate(gateway().port(), "/v1/ws",
                    with(fresh_player().auth(), "Sec-WebSocket-Extensions", "permessage-deflate"));
  EXPECT_TRUE(deflate.open());
  EXPECT_EQ(deflate.answer().header("sec-websocket-extensions"), "");
}

TEST(Sockets, AHelloBringsTheTokenOfABrowser) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  WebSocket socket(gateway().port(), "/v1/ws", {{"Origin", "https://game.example"}});
  ASSERT_TRUE(socket.open());
  socket.send(hello(player.token));
  EXPECT_EQ(socket.read().at("data/player/player_id"), player.id.to_string());
}

TEST(Sockets, WithoutAGoodHelloTheyClose) {
  WebSocket silent(gateway().port(), "/v1/ws");
  WebSocket bad(gateway().port(), "/v1/ws");
  bad.send(hello("x.y.z"));
  EXPECT_EQ(bad.read_close(), 4401);
  WebSocket early(gateway().port(), "/v1/ws");
  early.send(R"({"type":"ping"})");
  EXPECT_EQ(early.read_close(), 4401);
  WebSocket server(gateway().port(), "/v1/ws");
  server.send(hello(server_token(MatchId::fresh(SystemClock{}.now()))));
  EXPECT_EQ(server.read_close(), 4401);
  EXPECT_EQ(silent.read_close(), 4408);
}

TEST(Sockets, UpgradesAreRefusedLikeOtherRequests) {
  const auto player = fresh_player();
  const auto status = [&](const std::string& path, const Fields& headers) {
    return WebSocket(gateway().port(), path, headers).answer().status;
  };
  EXPECT_EQ(status("/v1/ws?token=" + player.token, {}), 400);
  EXPECT_EQ(status("/v1/ws?access_token=x", player.auth()), 400);
  EXPECT_EQ(status("/v1/ws?jwt=" + player.token, {}), 400);
  EXPECT_EQ(status("/v1/ws?x=1", player.auth()), 422);
  EXPECT_EQ(status("/v1/ws", {{"Authorization", "Bearer x"}}), 401);
  EXPECT_EQ(status("/v1/ws", with(player.auth(), "Origin", "https://evil.example")), 403);
  EXPECT_EQ(status("/v1/ws", with(player.auth(), "Origin", "null")), 403);
  EXPECT_EQ(gateway().get("/v1/ws", player.auth()).status, 400) << "no upgrade";
  const Fields old{{"Connection", "Upgrade"},
                   {"Upgrade", "websocket"},
                   {"Sec-WebSocket-Version", "8"},
                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  EXPECT_EQ(gateway().get("/v1/ws", old).status, 400);
  const Fields keyless{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  EXPECT_EQ(gateway().get("/v1/ws", keyless).status, 400);
}

TEST(Sockets, FramesComeInOrderWithTheirNumbers) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Welcomed one(player);
  for (int i = 1; i <= 50; ++i) frame_sender().chat(player, "text " + std::to_string(i));
  for (int i = 1; i <= 50; ++i) {
    const auto frame = one.socket.read();
    ASSERT_EQ(frame.at("event"), "chat_message");
    ASSERT_EQ(frame.at("seq"), std::to_string(one.seq() + i));
    ASSERT_EQ(frame.at("data/text"), "text " + std::to_string(i));
  }
}

TEST(Sockets, EverySocketOfAPlayerGetsTheFrame) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Instance other;
  Welcomed here(player);
  Welcomed there(player, other);
  EXPECT_EQ(frame_sender().sockets_of(player), 2);
  frame_sender().chat(player, "to both");
  EXPECT_EQ(here.socket.read().at("data/text"), "to both");
  EXPECT_EQ(there.socket.read().at("data/text"), "to both");
}

TEST(Sockets, FramesThatOvertakeEachOtherArePutInOrder) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Welcomed one(player);
  frame_sender().raw(player, one.seq() + 2);
  frame_sender().raw(player, one.seq() + 1);
  EXPECT_EQ(one.socket.read().at("seq"), std::to_string(one.seq() + 1));
  EXPECT_EQ(one.socket.read().at("seq"), std::to_string(one.seq() + 2));
}

TEST(Sockets, AGapOrAStepBackIsFollowedByAFreshWelcome) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Welcomed one(player);
  const auto number = [&](int frames) { return std::to_string(one.seq() + frames); };
  frame_sender().raw(player, one.seq() + 1);
  EXPECT_EQ(one.socket.read().at("seq"), number(1));
  frame_sender().set_seq(player, one.seq() + 700);
  frame_sender().raw(player, one.seq() + 700);  // frames 2 to 699 were lost and are not stored
  const auto fresh = one.socket.read();
  EXPECT_EQ(fresh.at("event") + fresh.at("data/resumed"), "welcomefalse");
  EXPECT_EQ(fresh.at("seq"), number(700));
  frame_sender().raw(player, one.seq() + 701);
  EXPECT_EQ(one.socket.read().at("seq"), number(701));
  static_assert(FrameOrder::kMaxLateFrames < 699);  // otherwise the next frame would count as late
  frame_sender().set_seq(player, 1);                // the cache was lost, and its clock was wrong before
  frame_sender().raw(player, 1);
  const auto again = one.socket.read();
  EXPECT_EQ(again.at("event") + again.at("data/resumed"), "welcomefalse");
  EXPECT_EQ(again.at("seq"), "1");
}

TEST(Sockets, NothingIsMissedWhileTheStateIsRead) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  std::atomic<int> calls{0};
  fake<GetMatch>().answer([&](const GetMatch&, const bus::Context&) -> Reply<MatchView> {
    if (calls.fetch_add(1) == 0) frame_sender().chat(player, "meanwhile");
    return refuse(Code::no_match);
  });
  Welcomed one(player);
  EXPECT_EQ(one.socket.read().at("data/text"), "meanwhile");
}

TEST(Sockets, AStateThatCannotBeReadIsTriedAgain) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  std::atomic<int> tries{0};
  fake<GetTicket>().answer([&](const GetTicket&, const bus::Context&) -> Reply<Ticket> {
    return refuse(++tries < 3 ? Code::unavailable : Code::not_found);
  });
  Welcomed one(player);
  EXPECT_EQ(tries, 3);
}

TEST(Sockets, CommandsAreRequestsInFrames) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  Welcomed one(player);
  auto& socket = one.socket;
  socket.send(R"({"type":"ping","ref":"p"})");
  auto frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("ref"), "pongp");

  const auto ticket = ticket_in();
  fake<EnterQueue>().answer(ticket);
  socket.send(R"({"type":"enqueue","ref":"1","mode":"ranked","team_size":2})");
  frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("ref"), "ack1") << frame.payload;
  EXPECT_EQ(frame.at("data/ticket_id"), ticket.ticket_id.to_string());
  EXPECT_EQ(frame.at("data/players"), "");
  EXPECT_EQ(fake<EnterQueue>().last().team_size, 2);
  EXPECT_EQ(fake<EnterQueue>().caller().player, player.id);

  socket.send(R"({"type":"enqueue","mode":"ranked","mmr":3000})");
  frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("data/code"), "errorinvalid_fields");
  EXPECT_EQ(frame.at("data/errors/0/pointer"), "/mmr");

  const std::string party = "0190f0a0-0000-7000-8000-000000000001";
  socket.send(R"({"type":"enqueue","mode":"ranked","party_id":")" + party + "\"}");
  EXPECT_EQ(socket.read().at("event"), "ack");
  EXPECT_EQ(fake<EnterQueue>().last().party_id->to_string(), party);

  fake<SetReady>().answer(ReadyState{});
  socket.send(R"({"type":"ready","ready":true,"party_id":")" + party + "\"}");
  EXPECT_EQ(socket.read().at("event"), "ack");
  EXPECT_EQ(fake<SetReady>().last().ready, true);

  fake<SendChat>().refuse(Code::not_member);
  socket.send(R"({"type":"chat","text":"hi","ref":"c","party_id":")" + party + "\"}");
  frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("data/code") + frame.at("ref"), "errornot_memberc");
  EXPECT_EQ(frame.at("data/status"), "403");

  fake<LeaveQueue>().answer(CancelledTicket{});
  socket.send(R"({"type":"cancel","ticket_id":")" + ticket.ticket_id.to_string() + "\"}");
  EXPECT_EQ(socket.read().at("event"), "ack");
  EXPECT_EQ(fake<LeaveQueue>().last().ticket_id, ticket.ticket_id);
  socket.send(R"({"type":"cancel","party_id":")" + party + "\"}");
  EXPECT_EQ(socket.read().at("event"), "ack");
  EXPECT_EQ(fake<LeaveQueue>().last().party_id->to_string(), party);
  socket.send(R"({"type":"cancel","ticket_id":"nonsense"})");
  EXPECT_EQ(socket.read().at("data/code"), "not_found");
}

TEST(Sockets, UnknownTypesAreRefusedAndRubbishCloses) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  Welcomed one(player);
  for (const auto* frame : {R"({"type":"loaded","ref":"x"})", R"({"type":"dance","ref":"x"})", R"({"ref":"x"})",
                            R"({"type":1,"ref":"x"})"}) {
    one.socket.send(frame);
    const auto answer = one.socket.read();
    EXPECT_EQ(answer.at("event") + answer.at("data/code") + answer.at("ref"), "errorinvalid_fieldsx") << frame;
    EXPECT_EQ(answer.at("data/errors/0/pointer"), "/type");
  }
  for (const auto* frame : {"{", "[]", "1", "", R"({"type":"ping","type":"ping"})", R"({"type":"\ud800"})"}) {
    Welcomed other(fresh_player());
    other.socket.send(frame);
    EXPECT_EQ(other.socket.read_close(), 4400) << frame;
  }
  Welcomed binary(fresh_player());
  binary.socket.send_frame(0x82, "{}");
  EXPECT_EQ(binary.socket.read_close(), 4400);
}

TEST(Sockets, TooManyFramesClose) {
  nobody_is_anywhere();
  Welcomed one(fresh_player());
  for (int i = 0; i < 60; ++i) one.socket.send(R"({"type":"ping"})");
  EXPECT_EQ(one.socket.read_close(), 4429);
  for (const std::uint8_t control : {std::uint8_t{0x89}, std::uint8_t{0x8A}}) {
    Welcomed other(fresh_player());
    for (int i = 0; i < 60; ++i) other.socket.send_frame(control, "x");
    EXPECT_EQ(other.socket.read_close(), 4429) << "control frames count too";
  }
  Welcomed patient(fresh_player());
  for (int i = 0; i < 40; ++i) patient.socket.send(R"({"type":"ping"})");
  for (int i = 0; i < 40; ++i) ASSERT_EQ(patient.socket.read().at("event"), "pong");
}

TEST(Sockets, BrokenFramesClose) {
  nobody_is_anywhere();
  const auto code_after = [](auto&& wrong) {
    Welcomed one(fresh_player());
    wrong(one.socket);
    return one.socket.read_close();
  };
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x81, "{}", false); }), 1002) << "unmasked";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0xC1, "{}"); }), 1002) << "RSV1";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0xA1, "{}"); }), 1002) << "RSV2";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x83, "{}"); }), 1002) << "opcode 3";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x8B, "{}"); }), 1002) << "opcode 11";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x09, "{}"); }), 1002) << "a fragmented ping";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x89, std::string(126, 'x')); }), 1002) << "a long ping";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x80, "{}"); }), 1002) << "a continuation without a first frame";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x88, std::string("\x03\xed", 2)); }), 1002)
      << "reserved close code 1005";
  for (const int code : {0, 999, 1004, 1006, 1014, 1015, 1016, 2999, 5000, 65'535}) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    EXPECT_EQ(code_after([&](WebSocket& s) { s.send_frame(0x88, payload); }), 1002) << "close code " << code;
  }
  for (const int code : {1000, 1011, 3000, 4999}) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    EXPECT_EQ(code_after([&](WebSocket& s) { s.send_frame(0x88, payload); }), code)
        << "a code that may be sent is echoed";
  }
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x88, "x"); }), 1002) << "a close code of one byte";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x81, "\xff\xfe"); }), 1007) << "no UTF-8";
  EXPECT_EQ(code_after([](WebSocket& s) { s.send_frame(0x81, std::string(65'537, ' ')); }), 1009) << "64 KB and a byte";
  EXPECT_EQ(code_after(
                [](WebSocket& s) { s.send_raw(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + "mask"); }),
            1009)
      << "2^63-1";
  const auto top_bit = code_after(
      [](WebSocket& s) { s.send_raw(std::string("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10) + "mask"); });
  EXPECT_TRUE(top_bit == 1002 || top_bit == 1009) << top_bit;
  const auto tiny_pieces = code_after([](WebSocket& s) {
    s.send_frame(0x01, "{");
    for (int i = 0; i < 2'000; ++i) {
      if (!s.send_frame(0x00, " ")) return;
    }
  });
  EXPECT_EQ(tiny_pieces, 1009) << "a message in fragments of one byte";
}

TEST(Sockets, AMessageInAFewPiecesIsOneMessage) {
  nobody_is_anywhere();
  Welcomed one(fresh_player());
  one.socket.send_frame(0x01, R"({"type":)");
  one.socket.send_frame(0x89, "still here?");
  one.socket.send_frame(0x00, R"("ping","ref":)");
  one.socket.send_frame(0x80, R"("whole"})");
  auto frame = one.socket.read();
  EXPECT_EQ(frame.opcode, 10);
  EXPECT_EQ(one.socket.read().at("ref"), "whole");
}

TEST(Sockets, TheSixthClosesTheOldest) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Instance other;
  std::vector<std::unique_ptr<Welcomed>> all;
  for (int i = 0; i < 5; ++i) {
    // The clocks stand still, and the oldest socket is found by its time.
    gateway().clock.advance(Milliseconds{1});
    other.clock.advance(gateway().clock.now() - other.clock.now());
    all.push_back(std::make_unique<Welcomed>(player, i % 2 == 0 ? gateway() : other));
  }
  EXPECT_EQ(frame_sender().sockets_of(player), 5);
  const auto opened = std::chrono::steady_clock::now();
  Welcomed sixth(player, other);
  EXPECT_EQ(all[0]->socket.read_close(), 4409) << "on another gateway than the sixth";
  EXPECT_LT(std::chrono::steady_clock::now() - opened, Seconds{5})
      << "the socket was closed by an event, not by the next write of presence";
  EXPECT_TRUE(mm::testing::eventually([&] { return frame_sender().sockets_of(player) == 5; }));
  frame_sender().chat(player, "still");
  EXPECT_EQ(all[1]->socket.read().at("data/text"), "still");
  EXPECT_EQ(sixth.socket.read().at("data/text"), "still");
}

TEST(Sockets, PresenceIsToldOnceAcrossGateways) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  std::mutex mutex;
  std::vector<bool> connected;
  const auto listening = bus::subscribe<PresenceChanged>(*World::get().bus, "", [&](const PresenceChanged& event) {
    std::lock_guard lock(mutex);
    if (event.player_id == player.id) connected.push_back(event.connected);
  });
  const auto seen = [&] {
    std::lock_guard lock(mutex);
    return connected;
  };
  Instance other;
  {
    Welcomed first(player);
    EXPECT_TRUE(mm::testing::eventually([&] { return seen() == std::vector<bool>{true}; }));
    Welcomed second(player, other);
    EXPECT_EQ(frame_sender().sockets_of(player), 2);
  }
  EXPECT_TRUE(mm::testing::eventually([&] { return seen() == std::vector<bool>{true, false}; }));
  EXPECT_EQ(frame_sender().sockets_of(player), 0);
}

TEST(Sockets, APartysStreamIsForItsMembers) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  const auto party = party_of({player});
  const auto path = "/v1/ws/party/" + party.party_id.to_string();
  WebSocket stranger(gateway().port(), path, player.auth());
  expect_problem(stranger.answer(), 403, "not_member");
  WebSocket browser(gateway().port(), path);
  ASSERT_TRUE(browser.open());
  browser.send(hello(player.token));
  EXPECT_EQ(browser.read_close(), 4403);
  EXPECT_EQ(WebSocket(gateway().port(), "/v1/ws/party/nonsense", player.auth()).answer().status, 404);

  fake<GetParty>().answer(party);
  Welcomed member(player, gateway(), path);
  PartyUpdated event{default_tenant(), party};
  EXPECT_TRUE(World::get().bus->publish(event).ok());
  event.party.members.clear();  // kicked
  EXPECT_TRUE(World::get().bus->publish(event).ok());
  EXPECT_EQ(member.socket.read_close(), 4403);
  Welcomed again(player, gateway(), path);
  EXPECT_TRUE(World::get().bus->publish(PartyDisbanded{default_tenant(), party.party_id}).ok());
  EXPECT_EQ(again.socket.read_close(), 4403);
}

TEST(Sockets, ATokenMayBeRenewedAndElseItsEndClosesTheSocket) {
  nobody_is_anywhere();
  Instance own;
  const auto start = own.clock.now();
  auto player = fresh_player(start);
  Welcomed kept(player, own);
  Welcomed left(player, own);
  own.clock.advance(Seconds{800});
  auto claims = claims_of(player, own.clock.now());
  kept.socket.send(R"({"type":"hello","ref":"h","token":")" + access_token(claims) + "\"}");
  EXPECT_EQ(kept.socket.read().at("event"), "ack");
  kept.socket.send(R"({"type":"hello","resume":{"seq":3},"token":")" + access_token(claims) + "\"}");
  const auto fresh = kept.socket.read();
  EXPECT_EQ(fresh.at("event") + fresh.at("data/resumed"), "welcomefalse");
  own.clock.advance(Seconds{129});  // one second before the token and the leeway end
  left.socket.send(R"({"type":"ping"})");
  EXPECT_EQ(left.socket.read().at("event"), "pong");
  own.clock.advance(Seconds{2});
  EXPECT_EQ(left.socket.read_close(), 4401);
  kept.socket.send(R"({"type":"ping"})");
  EXPECT_EQ(kept.socket.read().at("event"), "pong");
  kept.socket.send(hello(access_token(claims_of(fresh_player(), own.clock.now()))));
  EXPECT_EQ(kept.socket.read_close(), 4401) << "another player's token";
}

TEST(Sockets, AReaderThatStopsIsCutAndOthersAreNot) {
  nobody_is_anywhere();
  const auto slow = fresh_player();
  const auto quick = fresh_player();
  Instance own;
  Welcomed stuck(slow, own);
  Welcomed reader(quick, own);
  const std::string big(60'000, 'x');
  // More bytes than the buffers of the kernel and the queue of the gateway hold.
  for (int i = 0; i < 400 && own.metric("mm_gateway_sockets_too_slow_total") == 0; ++i) frame_sender().chat(slow, big);
  EXPECT_TRUE(mm::testing::eventually([&] { return own.metric("mm_gateway_sockets_too_slow_total") == 1; }));
  frame_sender().chat(quick, "hello");
  EXPECT_EQ(reader.socket.read().at("data/text"), "hello");
  const auto code = stuck.socket.read_close();
  EXPECT_TRUE(code == 4413 || code == 0) << code;
  EXPECT_TRUE(mm::testing::eventually([&] { return frame_sender().sockets_of(slow) == 0; }));
}

TEST(Sockets, PingsFindTheDead) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Welcomed dead(player);
  // This client does not read and so answers no ping. A ping is sent after 15 s; the socket is closed 15 s later.
  EXPECT_TRUE(mm::testing::eventually([&] { return frame_sender().sockets_of(player) == 0; }, Milliseconds{45'000}));
}

TEST(Sockets, ARestartIsToldAndDrained) {
  nobody_is_anywhere();
  auto own = std::make_unique<Instance>();
  const auto player = fresh_player();
  Welcomed one(player, *own);
  fake<GetProfile>().answer([&](const GetProfile&, const bus::Context&) -> Reply<Profile> {
    std::this_thread::sleep_for(Milliseconds{300});
    return profile_of(player);
  });
  Connection running(own->port());
  running.send(text_of({"GET", "/v1/profile/me", player.auth(), ""}));
  ASSERT_TRUE(mm::testing::eventually([] { return fake<GetProfile>().requests() > 0; }));
  std::thread stopping([&] { own->stop(); });
  const auto bye = one.socket.read_event("bye");
  EXPECT_EQ(bye.at("data/code"), "1012");
  EXPECT_FALSE(bye.at("data/reconnect_after_ms").empty());
  EXPECT_EQ(one.socket.read_close(), 1012);
  const auto answer = running.read_answer();
  EXPECT_EQ(answer.status, 200) << "requests that have begun are answered";
  EXPECT_EQ(answer.header("connection"), "close");
  stopping.join();
  EXPECT_EQ(frame_sender().sockets_of(player), 0);
}

TEST(Sockets, ManyPlayersAtOnce) {
  nobody_is_anywhere();
  Instance own;
  std::vector<Player> players;
  std::vector<std::unique_ptr<Welcomed>> sockets;
  for (int i = 0; i < 200; ++i) {
    players.push_back(fresh_player());
    sockets.push_back(std::make_unique<Welcomed>(players.back(), own));
  }
  for (const auto& player : players) frame_sender().chat(player, player.name);
  for (std::size_t i = 0; i < players.size(); ++i)
    ASSERT_EQ(sockets[i]->socket.read().at("data/text"), players[i].name);
}

}  // namespace
}  // namespace mm::gateway::testing
