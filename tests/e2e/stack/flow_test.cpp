// Tests the whole flow: ten players log in, form parties, queue, are matched and play on the game server. Then their
// ratings, histories and the leaderboard change. The events on NATS are checked as well.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/stack.h"
#include "tests/e2e/stack/watcher.h"

namespace mm::e2e {
namespace {

std::vector<Player> fresh_players(int count) {
  std::vector<Player> players;
  for (int i = 0; i < count; ++i) players.push_back(Player::fresh("us-test"));
  return players;
}

// Forms a party; the first of `members` leads, and all are ready.
std::string form_party(const std::vector<const Player*>& members) {
  const auto party = members[0]->post("/v1/party", R"({"max_size":5})");
  EXPECT_EQ(party.status, 201) << party.body;
  const auto path = "/v1/party/" + party.at("party_id");
  for (std::size_t i = 1; i < members.size(); ++i) EXPECT_EQ(members[i]->post(path + "/join").status, 200);
  for (const auto* member : members) EXPECT_EQ(member->post(path + "/ready", R"({"ready":true})").status, 200);
  return party.at("party_id");
}

// The log lines of a match show its course under one trace id, and contain no secret.
void expect_story_in_logs(const std::string& match_id) {
  auto trace_id = match_id;
  std::erase(trace_id, '-');
  std::string lines;
  const auto times_logged = [&](const std::string& event) {
    std::size_t count = 0;
    std::istringstream all(lines);
    for (std::string line; std::getline(all, line);) {
      if (line.find("\"event\":\"" + event + "\"") == std::string::npos) continue;
      ++count;
      EXPECT_NE(line.find("\"trace_id\":\"" + trace_id + "\""), std::string::npos) << line;
      EXPECT_NE(line.find("\"level\":\"info\""), std::string::npos) << line;
    }
    return count;
  };
  EXPECT_TRUE(testing::eventually([&] {
    lines =
        Stack::instance().shell("cat " + Stack::instance().folder() + "/state/log/*/current | grep " + match_id).output;
    return lines.find("match_listed") != std::string::npos;
  }));
  for (const char* event : {"match_found", "match_ready", "match_ended", "match_rated", "match_listed"})
    EXPECT_EQ(times_logged(event), 1u) << event;
  for (const char* secret : {"join_token", "server_token", "join_key", "eyJ"})
    EXPECT_EQ(lines.find(secret), std::string::npos) << secret;
}

TEST(Flow, TakesPartiesFromLoginToARatedMatch) {
  Watcher watcher;
  const auto players = fresh_players(10);
  std::vector<Socket> sockets;
  for (const auto& player : players) {
    sockets.emplace_back(websocket("/v1/ws"), player.token());
    ASSERT_FALSE(sockets.back().wait_for("welcome").empty());
  }

  // A party of three, a party of two and five single players make two teams of five.
  const auto three = form_party({&players[0], &players[1], &players[2]});
  const auto two = form_party({&players[3], &players[4]});
  const std::string queue = R"("mode":"ranked","team_size":5,"region":"us-test")";
  for (const auto& [leader, party] : {std::pair{0, three}, std::pair{3, two}}) {
    const auto ticket = players[static_cast<std::size_t>(leader)].post(
        "/v1/party/queue", R"({"party_id":")" + party + "\"," + queue + "}");
    ASSERT_EQ(ticket.status, 200) << ticket.body;
    EXPECT_EQ(ticket.at("status"), "SEARCHING");
    EXPECT_EQ(ticket.at("party_id"), party);
  }
  for (std::size_t i = 5; i < 10; ++i) {
    const auto ticket = players[i].post("/v1/matchmaking/queue", "{" + queue + "}");
    ASSERT_EQ(ticket.status, 201) << ticket.body;
    EXPECT_EQ(ticket.headers.at("location"), "/v1/matchmaking/queue/" + ticket.at("ticket_id"));
  }

  // Each player gets match_found with the number of the own team.
  std::string match_id;
  for (std::size_t i = 0; i < 10; ++i) {
    const auto found = sockets[i].wait_for("match_found");
    ASSERT_FALSE(found.empty()) << "player " << i;
    if (match_id.empty()) match_id = member(found, "data.match_id");
    EXPECT_EQ(member(found, "data.match_id"), match_id);
    const auto team = member(found, "data.team");
    bool mine = false;
    for (std::size_t p = 0; p < 5; ++p)
      mine |= member(found, "data.teams." + team + "." + std::to_string(p)) == players[i].id();
    EXPECT_TRUE(mine);
  }

  // The event on the bus fulfils all rules.
  const auto found = watcher.event("match.found", match_id);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(size_of(found, "teams"), 2u);
  std::set<std::string> seen;
  std::map<std::string, std::string> team_of;
  for (int team = 0; team < 2; ++team) {
    ASSERT_EQ(size_of(found, "teams." + std::to_string(team) + ".players"), 5u);
    for (int p = 0; p < 5; ++p) {
      const auto id = member(found, "teams." + std::to_string(team) + ".players." + std::to_string(p) + ".player_id");
      seen.insert(id);
      team_of[id] = std::to_string(team);
    }
  }
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(team_of[players[0].id()], team_of[players[1].id()]);
  EXPECT_EQ(team_of[players[0].id()], team_of[players[2].id()]);
  EXPECT_EQ(team_of[players[3].id()], team_of[players[4].id()]);

  // Each player gets the server and a token of their own. Other players do not see the match.
  for (std::size_t i = 0; i < 10; ++i) {
    const auto ready = sockets[i].wait_for("session_ready");
    ASSERT_FALSE(ready.empty()) << "player " << i;
    const auto session = players[i].get("/v1/session/" + match_id);
    EXPECT_EQ(session.status, 200);
    Socket game(member(ready, "data.server_url"), "", "");
    ASSERT_TRUE(game.open());
    game.send(R"({"type":"join","token":")" + member(ready, "data.join_token") + R"("})");
    EXPECT_FALSE(game.wait_for("joined").empty());
  }
  EXPECT_EQ(Player::fresh().get("/v1/session/" + match_id).status, 404);
  EXPECT_EQ(players[0].get("/v1/party/" + three).at("status"), "in_match");
  EXPECT_EQ(players[5].get("/v1/matchmaking/active").at("match.match_id"), match_id);

  // The result changes the ratings, the history and the leaderboard.
  double sum = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_FALSE(sockets[i].wait_for("match_completed").empty());
    const auto rated = sockets[i].wait_for("rating_changed");
    ASSERT_FALSE(rated.empty());
    sum += std::atof(member(rated, "data.mmr_change").c_str());
    const auto profile = players[i].get("/v1/profile/me");
    EXPECT_EQ(profile.at("ratings.ranked.games"), "1");
  }
  EXPECT_NEAR(sum, 0, 1e-6);
  EXPECT_FALSE(watcher.event("match.ready", match_id).empty());
  EXPECT_FALSE(watcher.event("match.completed", match_id).empty());
  EXPECT_FALSE(watcher.event("match.rated", match_id).empty());

  ASSERT_TRUE(testing::eventually([&] { return players[0].get("/v1/matches/history").size("matches") == 1; }));
  const auto history = players[0].get("/v1/matches/history");
  EXPECT_EQ(history.at("matches.0.match_id"), match_id);
  EXPECT_NEAR(history.number("matches.0.mmr_after") - history.number("matches.0.mmr_before"),
              history.number("matches.0.mmr_change"), 0.006);
  EXPECT_EQ(players[9].get("/v1/matches/" + match_id).size("teams.1"), 5u);
  const auto board = players[0].get("/v1/leaderboard?region=us-test&limit=1000");
  EXPECT_EQ(board.status, 200);
  EXPECT_GE(board.number("total"), 10);
  EXPECT_FALSE(board.at("your_rank").empty());

  expect_story_in_logs(match_id);

  // After the match all players are free, and the members of a party are not ready.
  const auto party = players[0].get("/v1/party/" + three);
  EXPECT_EQ(party.at("status"), "idle");
  EXPECT_EQ(party.at("members.0.ready"), "false");
  EXPECT_EQ(players[5].get("/v1/matchmaking/active").at("match.match_id"), "");
}

TEST(Flow, LetsAPlayerWhoLeftTheQueueEnterItAgain) {
  const auto player = Player::fresh("ap-test");
  for (int round = 0; round < 2; ++round) {
    const auto ticket = player.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
    ASSERT_EQ(ticket.status, 201) << ticket.body;
    const auto path = "/v1/matchmaking/queue/" + ticket.at("ticket_id");
    const auto again = player.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.at("code"), "already_queued");
    EXPECT_EQ(again.at("ticket_id"), ticket.at("ticket_id"));
    EXPECT_EQ(player.remove(path).status, 204);
    EXPECT_EQ(player.remove(path).status, 204);
    EXPECT_EQ(player.get(path).at("status"), "CANCELLED");
  }
}

TEST(Flow, ReconnectingPlayersSeeTheWholeState) {
  const auto player = Player::fresh("sa-test");
  const auto ticket = player.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
  Socket socket(websocket("/v1/ws"), player.token());
  const auto welcome = socket.wait_for("welcome");
  EXPECT_EQ(member(welcome, "data.ticket.ticket_id"), ticket.at("ticket_id"));
  socket.send(R"({"type":"cancel","ticket_id":")" + ticket.at("ticket_id") + R"(","ref":"7"})");
  const auto ack = socket.wait_for("ack");
  EXPECT_EQ(member(ack, "ref"), "7");
  EXPECT_EQ(player.get("/v1/matchmaking/queue/" + ticket.at("ticket_id")).at("status"), "CANCELLED");
}

}  // namespace
}  // namespace mm::e2e
