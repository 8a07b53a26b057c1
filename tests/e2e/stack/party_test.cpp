// Tests of parties over HTTP and WebSocket: pending invitations, lost connections, and the texts of refusals.
#include <gtest/gtest.h>

#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/expect.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

using testing::eventually;

std::string named(const Player& player) { return R"({"player_id":")" + player.id() + R"("})"; }

Socket socket_of(const Player& player) { return Socket(websocket("/v1/ws"), player.token()); }

TEST(PartyInvitations, WaitForAPlayerWhoIsOfflineAndEndWithAWord) {
  const auto leader = Player::fresh(), guest = Player::fresh();
  const auto party_id = leader.post("/v1/party", R"({"is_public":false})").at("party_id");
  const auto path = "/v1/party/" + party_id;
  expect_problem(leader.post(path + "/invite", R"({"player_id":"0190c7a2-0000-7000-8000-000000000000"})"), 422,
                 "invalid_fields", "/player_id");
  ASSERT_EQ(leader.post(path + "/invite", named(guest)).status, 200);
  const auto listed = guest.get("/v1/party/invites");
  EXPECT_EQ(listed.at("invites.0.party_id"), party_id);
  EXPECT_EQ(listed.at("invites.0.from_player_id"), leader.id());
  EXPECT_EQ(listed.at("invites.0.from_username"), leader.name());
  EXPECT_EQ(guest.get("/v1/matchmaking/active").at("invites.0.party_id"), party_id);

  auto socket = socket_of(guest);
  EXPECT_EQ(member(socket.wait_for("welcome"), "data.invites.0.party_id"), party_id);
  EXPECT_EQ(guest.remove(path + "/invite").status, 204);
  EXPECT_EQ(member(socket.wait_for("invite_ended"), "data.reason"), "declined");
  expect_problem(guest.remove(path + "/invite"), 404, "not_found");
  expect_problem(guest.post(path + "/join"), 404, "not_found");

  ASSERT_EQ(leader.post(path + "/invite", named(guest)).status, 200);
  EXPECT_EQ(member(socket.wait_for("invited"), "data.party_id"), party_id);
  EXPECT_EQ(leader.remove(path + "/invite?player_id=" + guest.id()).status, 204);
  EXPECT_EQ(member(socket.wait_for("invite_ended"), "data.reason"), "withdrawn");

  ASSERT_EQ(leader.post(path + "/invite", named(guest)).status, 200);
  ASSERT_EQ(leader.remove(path + "/leave").status, 204);
  EXPECT_EQ(member(socket.wait_for("invite_ended"), "data.reason"), "party_disbanded");
  EXPECT_EQ(guest.get("/v1/party/invites").size("invites"), 0u);
}

TEST(PartyPresence, AMemberWhoIsGoneIsNotQueuedAndNamed) {
  const auto leader = Player::fresh(), gone = Player::fresh();
  auto watching = socket_of(leader);
  ASSERT_FALSE(watching.wait_for("welcome").empty());
  const auto path = "/v1/party/" + leader.post("/v1/party").at("party_id");
  {
    auto socket = socket_of(gone);
    ASSERT_FALSE(socket.wait_for("welcome").empty());
    ASSERT_EQ(gone.post(path + "/join").at("members.1.connected"), "true");
    ASSERT_EQ(gone.post(path + "/ready").status, 200);
    ASSERT_EQ(leader.post(path + "/ready").at("all_ready"), "true");
  }
  EXPECT_TRUE(eventually([&] { return leader.get(path).at("members.1.connected") == "false"; }));
  EXPECT_TRUE(eventually([&] { return leader.get(path).at("members.1.ready") == "false"; }, Milliseconds{30'000}));
  const auto queue = R"({"party_id":")" + leader.get(path).at("party_id") + R"(","mode":"casual"})";
  const auto refused = leader.post("/v1/party/queue", queue);
  expect_problem(refused, 409, "member_absent");
  EXPECT_EQ(refused.at("player_id"), gone.id());
  EXPECT_EQ(refused.at("errors.0.pointer"), "/members/" + gone.id());

  auto back = socket_of(gone);
  ASSERT_FALSE(back.wait_for("welcome").empty());
  EXPECT_TRUE(eventually([&] { return leader.get(path).at("members.1.connected") == "true"; }));
  ASSERT_EQ(gone.post(path + "/ready").at("all_ready"), "true");
  EXPECT_EQ(leader.post("/v1/party/queue", queue).status, 200);
  EXPECT_EQ(leader.remove(path + "/leave").status, 204);
  const auto left = back.wait_for("queue_left");
  EXPECT_EQ(member(left, "data.reason"), "leader_left");
  EXPECT_EQ(member(left, "data.player_id"), leader.id());
}

TEST(PartyPresence, AnAbsentLeaderHandsOver) {
  const auto leader = Player::fresh(), heir = Player::fresh();
  auto watching = socket_of(heir);
  ASSERT_FALSE(watching.wait_for("welcome").empty());
  std::string path;
  {
    auto socket = socket_of(leader);
    ASSERT_FALSE(socket.wait_for("welcome").empty());
    path = "/v1/party/" + leader.post("/v1/party").at("party_id");
    ASSERT_EQ(heir.post(path + "/join").status, 200);
  }
  EXPECT_TRUE(eventually([&] { return heir.get(path).at("leader_id") == heir.id(); }, Milliseconds{30'000}));
}

TEST(PartyQueue, NeverHoldsHalfAParty) {
  const auto leader = Player::fresh(), other = Player::fresh();
  const auto path = "/v1/party/" + leader.post("/v1/party").at("party_id");
  const auto ticket = leader.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
  ASSERT_EQ(ticket.status, 201) << ticket.body;
  expect_problem(other.post(path + "/join"), 409, "party_in_queue");
  ASSERT_EQ(leader.remove("/v1/matchmaking/queue/" + ticket.at("ticket_id")).status, 204);

  const auto search = other.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
  ASSERT_EQ(search.status, 201) << search.body;
  for (const auto& refused : {other.post(path + "/join"), other.post("/v1/party")}) {
    expect_problem(refused, 409, "already_queued");
    EXPECT_EQ(refused.at("player_id"), other.id());
    EXPECT_EQ(refused.at("ticket_id"), search.at("ticket_id"));
  }
  ASSERT_EQ(other.remove("/v1/matchmaking/queue/" + search.at("ticket_id")).status, 204);
  EXPECT_EQ(other.post(path + "/join").status, 200);
  ASSERT_EQ(leader.post(path + "/kick", named(other)).status, 200);
  expect_problem(other.post(path + "/join"), 403, "kicked");
}

}  // namespace
}  // namespace mm::e2e
