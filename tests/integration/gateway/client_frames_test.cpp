// Tests of the frames of clients: optional members, refused members, and the answer to each frame.
#include "tests/integration/gateway/socket_players.h"

namespace mm::gateway::testing {
namespace {

TEST(ClientFrames, AWelcomeNamesTheHelloThatItAnswers) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto hello_with = [&](const std::string& more) {
    return R"({"type":"hello","token":")" + player.token + "\"," + more + "}";
  };
  WebSocket socket(gateway().port(), "/v1/ws");
  socket.send(hello_with(R"("ref":"first")"));
  auto frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("ref"), "welcomefirst");
  socket.send(hello_with(R"("ref":"later","resume":{"seq":0})"));
  frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("ref"), "welcomelater");
  socket.send(hello_with(R"("ref":"odd","seq":0)"));
  frame = socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("ref") + frame.at("data/errors/0/pointer"), "errorodd/seq");
}

TEST(ClientFrames, PartyFramesNeedNotNameTheParty) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto party = party_of({player});
  fake<GetParty>().answer(party);
  fake<SetReady>().answer(ReadyState{});
  fake<SendChat>().answer(Empty{});
  Welcomed one(player);
  one.socket.send(R"({"type":"ready","ready":true,"ref":"1"})");
  EXPECT_EQ(one.socket.read().at("event"), "ack");
  EXPECT_EQ(fake<SetReady>().last().party_id, party.party_id);
  Welcomed bound(player, gateway(), "/v1/ws/party/" + party.party_id.to_string());
  bound.socket.send(R"({"type":"chat","text":"hi"})");
  EXPECT_EQ(bound.socket.read().at("event"), "ack");
  EXPECT_EQ(fake<SendChat>().last().party_id, party.party_id);
  fake<GetParty>().refuse(Code::no_party);
  one.socket.send(R"({"type":"ready","ref":"2"})");
  const auto frame = one.socket.read();
  EXPECT_EQ(frame.at("event") + frame.at("data/code") + frame.at("ref"), "errorno_party2");
}

TEST(ClientFrames, FieldsOfEveryFrameAreChecked) {
  nobody_is_anywhere();
  Welcomed one(fresh_player());
  for (const auto* frame :
       {R"({"type":"ping","x":1})", R"({"type":"ping","ref":5})", R"({"type":"enqueue","mode":"duel","ref":5})"}) {
    one.socket.send(frame);
    const auto answer = one.socket.read();
    EXPECT_EQ(answer.at("event") + answer.at("data/code"), "errorinvalid_fields") << frame;
  }
}

}  // namespace
}  // namespace mm::gateway::testing
