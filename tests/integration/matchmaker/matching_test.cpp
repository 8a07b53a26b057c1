// Tests of the matches that are formed. Each match is checked against the rules, which are implemented here a second
// time, independently of the planner.
#include <cmath>
#include <random>
#include <set>
#include <thread>

#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

/// The enqueued tickets, to check matches against them.
struct Asked {
  std::map<TicketId, Enqueue> tickets;

  void add(const Enqueue& request) { tickets.emplace(*request.ticket_id, request); }
};

double mean(const Enqueue& ticket) {
  double sum = 0;
  for (const auto& player : ticket.players) sum += player.mmr;
  return sum / static_cast<double>(ticket.players.size());
}

/// The window of the test's modes after a wait.
double window(const std::string& mode, double waited_ms) {
  if (mode == "casual") return 5'000;
  const double widen_ms = mode == "ranked" ? 2'000 : 40'000;
  return 100 + 400 * std::min(waited_ms / widen_ms, 1.0);
}

/// Checks that the teams have the exact size, that tickets are not split, that each player is in the match once, and
/// that any two tickets were within both their windows when the match was made.
void verify(const MatchFound& match, const Asked& asked) {
  std::map<TicketId, double> waits;
  std::map<TicketId, std::set<std::size_t>> teams_of;
  std::map<TicketId, std::set<PlayerId>> players_of;
  std::set<PlayerId> players;
  ASSERT_EQ(match.teams.size(), 2U);
  for (std::size_t t = 0; t < match.teams.size(); ++t) {
    ASSERT_EQ(match.teams[t].players.size(), static_cast<std::size_t>(match.team_size));
    double sum = 0;
    for (const auto& player : match.teams[t].players) {
      ASSERT_TRUE(player.ticket_id.has_value());
      EXPECT_TRUE(players.insert(player.player_id).second) << "a player twice";
      waits[*player.ticket_id] = static_cast<double>(player.waited_ms);
      teams_of[*player.ticket_id].insert(t);
      players_of[*player.ticket_id].insert(player.player_id);
      sum += player.mmr;
    }
    EXPECT_NEAR(match.teams[t].mmr, sum / match.team_size, 0.011);
  }
  EXPECT_GE(match.quality, 0);
  EXPECT_LE(match.quality, 1);
  for (const auto& [id, wait] : waits) {
    ASSERT_TRUE(asked.tickets.contains(id));
    const auto& ticket = asked.tickets.at(id);
    EXPECT_EQ(ticket.mode, match.mode);
    EXPECT_EQ(ticket.tenant, match.tenant);
    EXPECT_EQ(ticket.team_size, match.team_size);
    if (ticket.latencies) {
      EXPECT_TRUE(ticket.latencies->contains(match.region));
    } else {
      EXPECT_EQ(ticket.region, match.region);
    }
    EXPECT_EQ(teams_of[id].size(), 1U) << "a party in two teams";
    EXPECT_EQ(players_of[id].size(), ticket.players.size()) << "a party was split";
    for (const auto& [other, other_wait] : waits) {
      const auto gap = std::abs(mean(ticket) - mean(asked.tickets.at(other)));
      const auto mode = match.mode.str();
      EXPECT_LE(gap, std::min(window(mode, wait), window(mode, other_wait)) + 1e-6);
    }
  }
}

void enqueue_all(const std::vector<Enqueue>& requests) {
  std::vector<std::thread> callers;
  for (std::size_t c = 0; c < 4; ++c) {
    callers.emplace_back([&, c] {
      for (std::size_t i = c; i < requests.size(); i += 4) {
        const auto answer = shared().send(requests[i]);
        EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().detail);
      }
    });
  }
  for (auto& caller : callers) caller.join();
}

std::optional<Ticket> status(const Tenant& tenant, TicketId ticket) {
  GetTicket request;
  request.tenant = tenant;
  request.ticket_id = ticket;
  auto answer = shared().send(request);
  return answer ? std::optional(*answer) : std::nullopt;
}

TEST(Matching, TwoSidesOfFiveMeet) {
  const auto tenant = fresh_tenant();
  Asked asked;
  const auto left = request_of(tenant, "ranked", 5, {1500, 1510, 1490, 1505, 1495});
  auto right = request_of(tenant, "ranked", 5, {1520, 1530, 1510, 1525, 1515});
  right.party_id = PartyId::fresh(wall());
  asked.add(left);
  asked.add(right);
  enqueue_all({left, right});
  ASSERT_TRUE(eventually([&] { return shared().published.match_of(*left.ticket_id).has_value(); }));
  const auto match = *shared().published.match_of(*left.ticket_id);
  verify(match, asked);
  EXPECT_EQ(match.tenant, tenant);
  EXPECT_EQ(match.source, MatchSource::queue);
  EXPECT_NEAR(match.mmr_spread, 20, 0.01);
  EXPECT_GT(match.quality, 0.9);
  const auto side_of_right = match.teams[0].players[0].ticket_id == right.ticket_id ? 0U : 1U;
  EXPECT_EQ(match.teams[side_of_right].players[0].party_id, right.party_id);
  EXPECT_NEAR(match.teams[side_of_right].mmr, 1520, 0.01);

  const auto seen = status(tenant, *left.ticket_id);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->status, TicketStatus::matched);
  EXPECT_EQ(seen->match_id, match.match_id);
  GetTicket by_player;
  by_player.tenant = tenant;
  by_player.player_id = right.players[2].player_id;
  EXPECT_EQ(shared().send(by_player)->ticket_id, *right.ticket_id) << "a player in a match may read it as well";
  CancelTicket cancel;
  cancel.tenant = tenant;
  cancel.ticket_id = *left.ticket_id;
  EXPECT_EQ(code_of(shared().send(cancel)), Code::already_matched);
}

TEST(Matching, TellsPlayersWithAnOpenSocket) {
  const auto tenant = fresh_tenant();
  const auto left = request_of(tenant, "duel", 1, {1500});
  const auto right = request_of(tenant, "duel", 1, {1500});
  const auto player = left.players[0].player_id;
  shared().set_connected(tenant, player);
  std::mutex mutex;
  std::vector<std::string> frames;
  bus::Subscription ear(*shared().bus, notify_subject(player), "", [&](std::string_view, std::string_view body) {
    const std::lock_guard lock(mutex);
    frames.emplace_back(body);
  });
  enqueue_all({left, right});
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return !frames.empty();
  }));
  EXPECT_NE(frames[0].find("\"event\":\"match_found\""), std::string::npos) << frames[0];
  EXPECT_NE(frames[0].find("\"team\":"), std::string::npos) << frames[0];
  EXPECT_NE(frames[0].find(right.players[0].player_id.to_string()), std::string::npos) << frames[0];
}

TEST(Matching, NeverMatchesWhomTheWindowsForbid) {
  const auto tenant = fresh_tenant();
  const auto low = request_of(tenant, "duel", 1, {1500});
  const auto high = request_of(tenant, "duel", 1, {1700});
  const auto near = request_of(tenant, "duel", 1, {1590});
  enqueue_all({low, high});
  enqueue_all({near});
  ASSERT_TRUE(eventually([&] { return shared().published.match_of(*near.ticket_id).has_value(); }));
  Asked asked;
  for (const auto& ticket : {low, high, near}) asked.add(ticket);
  verify(*shared().published.match_of(*near.ticket_id), asked);
  EXPECT_FALSE(shared().published.match_of(*high.ticket_id).has_value());
}

TEST(Matching, TakesATicketOfSeveralRegionsOnce) {
  const auto tenant = fresh_tenant();
  auto traveller = request_of(tenant, "near", 1, {1500});
  // The latency to us-east is 20 ms higher, so the ticket accepts this region after a second.
  traveller.latencies = Latencies{{region_named("eu-west"), 20}, {region_named("us-east"), 40}};
  auto american = request_of(tenant, "near", 1, {1500});
  american.region = region_named("us-east");
  enqueue_all({traveller, american});
  ASSERT_TRUE(eventually([&] { return shared().published.match_of(*traveller.ticket_id).has_value(); }));
  const auto match = *shared().published.match_of(*traveller.ticket_id);
  EXPECT_EQ(match.region, region_named("us-east"));
  for (const auto& team : match.teams) {
    for (const auto& player : team.players) {
      if (player.ticket_id != traveller.ticket_id) continue;
      EXPECT_GE(player.waited_ms, 1'000);
    }
  }
  // The ticket is removed from the queue of the other region as well, so that it is not matched there.
  EXPECT_TRUE(eventually([&] {
    const auto queue = "mm:{" + tenant.str() + "}:q:" + tenant.str() + ":near:eu-west:1";
    return shared().redis_command({"ZCARD", queue}).integer == 0;
  }));
}

/// Solo players and parties in several modes, regions and team sizes, with ratings around 1500.
std::vector<Enqueue> mixed(const Tenant& tenant, std::size_t count) {
  std::mt19937 random(20260131);
  std::normal_distribution<double> rating(1500, 250);
  std::vector<Enqueue> requests;
  const std::vector<std::pair<std::string, int>> games{
      {"ranked", 5}, {"ranked", 3}, {"ranked", 1}, {"casual", 5}, {"duel", 1}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [mode, size] = games[random() % games.size()];
    const auto party = random() % 3 == 0 ? 1 + random() % static_cast<unsigned>(size) : 1U;
    const double centre = rating(random);
    std::vector<double> ratings;
    for (unsigned p = 0; p < party; ++p) ratings.push_back(std::round((centre + rating(random) / 50) * 100) / 100);
    auto request = request_of(tenant, mode, size, ratings);
    request.region = region_named(random() % 2 == 0 ? "eu-west" : "us-east");
    if (party > 1) request.party_id = PartyId::fresh(wall());
    requests.push_back(std::move(request));
  }
  return requests;
}

TEST(Matching, ThreeThousandMixedTicketsAreMatchedByTheRules) {
  const auto tenant = fresh_tenant();
  const auto requests = mixed(tenant, 3'000);
  Asked asked;
  for (const auto& request : requests) asked.add(request);
  enqueue_all(requests);
  const auto matches = [&] {
    auto found = shared().published.events<MatchFound>();
    std::erase_if(found, [&](const MatchFound& m) { return m.tenant != tenant; });
    return found;
  };
  const auto tickets_in = [](const std::vector<MatchFound>& found) {
    std::map<TicketId, MatchId> in;
    for (const auto& match : found) {
      for (const auto& team : match.teams) {
        for (const auto& player : team.players) {
          const auto [known, fresh] = in.emplace(*player.ticket_id, match.match_id);
          EXPECT_EQ(known->second, match.match_id) << "a ticket in two matches";
        }
      }
    }
    return in;
  };
  ASSERT_TRUE(eventually([&] { return tickets_in(matches()).size() > requests.size() * 8 / 10; }, Seconds(60)))
      << tickets_in(matches()).size() << " tickets matched";

  // The other tickets are cancelled. Each ticket ends as matched or as cancelled, never both.
  std::set<TicketId> cancelled;
  for (const auto& request : requests) {
    CancelTicket cancel;
    cancel.tenant = tenant;
    cancel.ticket_id = *request.ticket_id;
    const auto answer = shared().send(cancel);
    if (answer) {
      cancelled.insert(*request.ticket_id);
    } else {
      EXPECT_EQ(answer.error().code, Code::already_matched);
    }
  }
  ASSERT_TRUE(eventually([&] { return tickets_in(matches()).size() + cancelled.size() == requests.size(); }))
      << tickets_in(matches()).size() << " matched, " << cancelled.size() << " cancelled";
  std::set<PlayerId> players;
  for (const auto& match : matches()) {
    verify(match, asked);
    for (const auto& team : match.teams) {
      for (const auto& player : team.players) {
        EXPECT_FALSE(cancelled.contains(*player.ticket_id));
        EXPECT_TRUE(players.insert(player.player_id).second) << "a player in two matches";
      }
    }
  }
}

TEST(Queues, AreSummarisedForDaemonsAndAdministrators) {
  const auto tenant = fresh_tenant();
  enqueue_all({request_of(tenant, "ranked", 5, {1500, 1500}), request_of(tenant, "ranked", 5, {1500})});
  GetQueues request;
  request.tenant = tenant;
  const auto summary = [&]() -> BucketSummary {
    const auto answer = shared().send(request);
    return answer && answer->buckets.size() == 1 ? answer->buckets[0] : BucketSummary{};
  };
  ASSERT_TRUE(eventually([&] { return summary().players == 3; }));
  EXPECT_EQ(summary().tickets, 2);
  EXPECT_EQ(summary().mode, ranked_mode());
  EXPECT_EQ(summary().team_size, 5);
  EXPECT_EQ(summary().owner, "matchmaker-1");
  EXPECT_TRUE(eventually([&] { return summary().oldest_wait_ms > 0; }));
  EXPECT_EQ(code_of(shared().send(request, as_player(tenant, fresh_player()))), Code::forbidden);
  EXPECT_TRUE(shared().send(request, Caller{tenant, Role::admin, std::nullopt, std::nullopt}).ok());
  EXPECT_TRUE(eventually([&] {
    const auto changed = shared().published.events<QueueChanged>();
    return std::any_of(changed.begin(), changed.end(),
                       [&](const QueueChanged& c) { return c.tenant == tenant && c.players == 3; });
  }));
}

}  // namespace
}  // namespace mm::matchmaker
