// Tests standings and ranks, by comparison with a recomputation from the matches.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "tests/integration/leaderboard/world.h"

namespace mm::leaderboard {
namespace {

using testing::eventually;

GetLeaderboard board(const char* season = nullptr) {
  GetLeaderboard request;
  if (season != nullptr) request.season = *Season::parse(season);
  return request;
}

class Standings : public ::testing::Test {
 protected:
  bool await_applied(std::int64_t count) const {
    return eventually([&] { return applied(tenant_) == count; }, Milliseconds{60'000});
  }

  const Tenant tenant_ = fresh_tenant();
  const Caller anyone_ = as_service(tenant_);
  Instance leaderboard_;
};

TEST_F(Standings, OrderByRatingThenWinsThenPlayer) {
  const auto players = fresh_players(6);  // in ascending order of their ids
  publish(duel(tenant_, {players[0], 1520}, {players[1], 1480}, 0));
  publish(duel(tenant_, {players[2], 1520}, {players[3], 1480}, 0));
  publish(duel(tenant_, {players[4], 1520.01}, {players[5], 1480}, std::nullopt));
  ASSERT_TRUE(await_applied(3));
  publish(duel(tenant_, {players[3], 1480, 2}, {players[1], 1480, 2}, 0));
  ASSERT_TRUE(await_applied(4));

  const auto page = send(board(), anyone_);
  ASSERT_TRUE(page.ok()) << page.error().detail;
  EXPECT_EQ(page->season.str(), "s2") << "the present season";
  EXPECT_EQ(page->mode, ranked_mode());
  EXPECT_FALSE(page->region);
  EXPECT_EQ(page->total, 6);
  EXPECT_FALSE(page->your_rank) << "the caller is not a player";
  EXPECT_FALSE(page->next_cursor);
  // 1520.01 is shown as 1520 and still precedes 1520.00. Equal ratings are ordered by wins, then by id.
  const std::vector<PlayerId> expected{players[4], players[0], players[2], players[3], players[1], players[5]};
  ASSERT_EQ(page->entries.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(page->entries[i].player_id, expected[i]) << i;
    EXPECT_EQ(page->entries[i].rank, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(send(board(), as_player(tenant_, expected[i]))->your_rank, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(page->entries[0].mmr, 1520);
  EXPECT_EQ(page->entries[0].games, 1);
  EXPECT_EQ(page->entries[0].wins, 0);
  EXPECT_EQ(page->entries[3].wins, 1);
  EXPECT_EQ(page->entries[3].losses, 1);
  EXPECT_DOUBLE_EQ(page->entries[3].win_rate, 0.5);
  EXPECT_FALSE(send(board(), as_player(tenant_, fresh_player()))->your_rank) << "a player without games has no rank";
}

TEST_F(Standings, OfARegionCountItsMatchesOnly) {
  const auto players = fresh_players(3);
  auto west = duel(tenant_, {players[0], 1520}, {players[1], 1480}, 0);
  auto east = duel(tenant_, {players[0], 1505, 2}, {players[2], 1515}, 1);
  east.region = *Region::parse("us-east");
  publish(west);
  publish(east);
  ASSERT_TRUE(await_applied(2));
  auto request = board();
  EXPECT_EQ(send(request, anyone_)->total, 3);
  request.region = west.region;
  const auto in_west = send(request, as_player(tenant_, players[2]));
  ASSERT_EQ(in_west->entries.size(), 2U);
  EXPECT_EQ(in_west->entries[0].player_id, players[0]);
  EXPECT_EQ(in_west->entries[0].mmr, 1520) << "the rating after the last match in this region";
  EXPECT_EQ(in_west->region, west.region);
  EXPECT_FALSE(in_west->your_rank);
  request.region = east.region;
  EXPECT_EQ(send(request, as_player(tenant_, players[0]))->your_rank, 2);
  request.region = *Region::parse("ap-south");
  EXPECT_EQ(send(request, anyone_)->total, 0);
  EXPECT_TRUE(send(request, anyone_)->entries.empty());
}

TEST_F(Standings, DoNotContainUnratedMatches) {
  const auto players = fresh_players(2);
  auto casual = duel(tenant_, {players[0], 1500}, {players[1], 1500}, 0);
  casual.mode = *Mode::parse("casual");
  casual.rated = false;
  publish(casual);
  // A draw between equals changes no rating but is in the standings.
  publish(duel(tenant_, {players[0], 1500}, {players[1], 1500}, std::nullopt));
  ASSERT_TRUE(await_applied(2));
  auto request = board();
  EXPECT_EQ(send(request, anyone_)->total, 2);
  request.mode = casual.mode;
  EXPECT_EQ(send(request, anyone_)->total, 0);
  EXPECT_EQ(send(history_of(players[0], casual.mode), anyone_)->matches.size(), 1U);
}

TEST_F(Standings, AMatchBelongsToTheSeasonInWhichItEnded) {
  const auto players = fresh_players(2);
  const auto play_at = [&](TimePoint ended_at, std::int64_t games) {
    auto match = duel(tenant_, {players[0], 1500.0 + static_cast<double>(games), games}, {players[1], 1500, games}, 0);
    match.started_at = ended_at - Seconds(600);
    match.ended_at = ended_at;
    publish(match);
  };
  play_at(day(1, 1) - Milliseconds{1}, 1);  // before the first season: history only
  play_at(day(1, 1), 2);
  play_at(day(7, 1) - Milliseconds{1}, 3);
  play_at(day(7, 1), 4);  // began in s1, ended in s2
  ASSERT_TRUE(await_applied(4));
  EXPECT_EQ(send(board("s1"), anyone_)->entries.at(0).games, 2);
  EXPECT_EQ(send(board("s1"), anyone_)->entries.at(0).mmr, 1503);
  EXPECT_EQ(send(board("s2"), anyone_)->entries.at(0).games, 1);
  EXPECT_EQ(send(board(), anyone_)->entries.at(0).mmr, 1504);
  EXPECT_EQ(send(history_of(players[0]), anyone_)->matches.size(), 4U);

  leaderboard_.clock.advance(std::chrono::days(60));  // October
  EXPECT_EQ(send(board(), anyone_)->season.str(), "s3");
  EXPECT_EQ(send(board(), anyone_)->total, 0);
  EXPECT_EQ(send(board("s2"), anyone_)->total, 2);
}

TEST_F(Standings, OfUnknownAndFutureSeasonsAreNotFound) {
  for (const char* season : {"s0", "s3", "s4", "s9999"}) {
    const auto answer = send(board(season), anyone_);
    ASSERT_FALSE(answer.ok()) << season;
    EXPECT_EQ(answer.error().code, Code::unknown_season);
    EXPECT_EQ(answer.error().status(), 404);
  }
}

TEST_F(Standings, TenantsDoNotSeeEachOther) {
  const auto players = fresh_players(2);
  const auto other = fresh_tenant();
  publish(duel(tenant_, {players[0], 1520}, {players[1], 1480}, 0));
  publish(duel(other, {players[0], 1490}, {players[1], 1510}, 1));
  ASSERT_TRUE(await_applied(1));
  ASSERT_TRUE(eventually([&] { return applied(other) == 1; }));
  EXPECT_EQ(send(board(), as_player(tenant_, players[0]))->your_rank, 1);
  EXPECT_EQ(send(board(), as_player(other, players[0]))->your_rank, 2);
  EXPECT_EQ(send(board(), as_service(fresh_tenant()))->total, 0);
}

TEST_F(Standings, ShowTheLatestKnownName) {
  const auto players = fresh_players(2);
  auto first = duel(tenant_, {players[0], 1520, 1}, {players[1], 1480, 1}, 0);
  auto second = duel(tenant_, {players[0], 1530, 2}, {players[1], 1470, 2}, 0);
  auto third = duel(tenant_, {players[0], 1540, 3}, {players[1], 1460, 3}, 0);
  first.teams[0][0].username = "old\"\\name'";
  third.teams[0][0].username = "new";
  publish(first);
  ASSERT_TRUE(await_applied(1));
  EXPECT_EQ(send(board(), anyone_)->entries.at(0).username, "old\"\\name'");
  publish(third);
  publish(second);  // late, and without a name
  ASSERT_TRUE(await_applied(3));
  const auto entries = send(board(), anyone_)->entries;
  EXPECT_EQ(entries.at(0).username, "new");
  EXPECT_EQ(entries.at(0).mmr, 1540) << "a late match does not restore an old rating";
  EXPECT_EQ(entries.at(0).games, 3);
  EXPECT_EQ(entries.at(1).username, "");
}

// The standings of one board, computed from its matches.
struct Expected {
  Hundredths mmr = 0;
  std::int64_t mode_games = 0;
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::int64_t draws = 0;
};
using ExpectedBoard = std::map<PlayerId, Expected>;

void add(ExpectedBoard& standings, const MatchRated& match) {
  for (const auto& played : record_of(match, std::nullopt).players) {
    auto& standing = standings[played.player_id];
    if (played.games > standing.mode_games) {
      standing.mode_games = played.games;
      standing.mmr = played.mmr_after;
    }
    if (played.result == Outcome::win) ++standing.wins;
    else if (played.result == Outcome::loss) ++standing.losses;
    else ++standing.draws;
  }
}

std::vector<std::pair<PlayerId, Expected>> in_order(const ExpectedBoard& standings) {
  std::vector<std::pair<PlayerId, Expected>> order(standings.begin(), standings.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tuple(-a.second.mmr, -a.second.wins, a.first) < std::tuple(-b.second.mmr, -b.second.wins, b.first);
  });
  return order;
}

/// Random matches in several modes, regions and seasons. Ratings are multiples of 20, so many are equal.
std::vector<MatchRated> random_matches(const Tenant& tenant, std::size_t count, std::mt19937& random) {
  const auto pick = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  const auto players = fresh_players(120);
  const Mode modes[] = {ranked_mode(), ranked_mode(), *Mode::parse("duel")};
  const Region regions[] = {default_region(), *Region::parse("us-east")};
  std::map<std::pair<PlayerId, Mode>, std::pair<double, std::int64_t>> now;  // rating and games
  std::vector<MatchRated> matches;
  for (std::size_t i = 0; i < count; ++i) {
    MatchRated match = duel(tenant, {}, {}, std::nullopt);
    match.mode = modes[pick(2)];
    match.region = regions[pick(1)];
    match.ended_at = pick(4) == 0 ? day(3, 1) : day(8, 1);
    if (const int drawn = pick(2); drawn < 2) match.winning_team = drawn;
    match.teams.assign(2, {});
    std::set<PlayerId> chosen;
    const auto size = static_cast<std::size_t>(1 + pick(2));
    while (chosen.size() < 2 * size) {
      const auto player = players[static_cast<std::size_t>(pick(119))];
      if (!chosen.insert(player).second) continue;
      auto& team = match.teams[match.teams[0].size() < size ? 0 : 1];
      auto& [mmr, games] = now.try_emplace({player, match.mode}, 1500.0, 0).first->second;
      auto& rated = team.emplace_back();
      rated.player_id = player;
      rated.mmr_before = mmr;
      rated.mmr_after = mmr += 20.0 * (pick(4) - 2);
      rated.games = ++games;
    }
    matches.push_back(std::move(match));
  }
  return matches;
}

void expect_board(const GetLeaderboard& request, const Tenant& tenant, const ExpectedBoard& standings) {
  const auto expected = in_order(standings);
  for (const int page : {1'000, 7}) {
    const auto entries = whole_board(request, as_service(tenant), page);
    ASSERT_EQ(entries.size(), expected.size()) << page;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& [player, standing] = expected[i];
      EXPECT_EQ(entries[i].player_id, player) << i;
      EXPECT_EQ(entries[i].rank, static_cast<std::int64_t>(i) + 1);
      EXPECT_EQ(entries[i].mmr, shown_points(standing.mmr));
      EXPECT_EQ(entries[i].wins, standing.wins);
      EXPECT_EQ(entries[i].losses, standing.losses);
      EXPECT_EQ(entries[i].games, standing.wins + standing.losses + standing.draws);
    }
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto answer = send(request, as_player(tenant, expected[i].first));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->your_rank, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(answer->total, static_cast<std::int64_t>(expected.size()));
  }
}

TEST_F(Standings, DependOnlyOnTheSetOfMatches) {
  std::mt19937 random(20260815);
  const Instance second;
  const Instance third;
  const auto matches = random_matches(tenant_, 300, random);
  auto deliveries = matches;
  deliveries.insert(deliveries.end(), matches.begin(), matches.begin() + 100);
  // Shuffles neighbours, as relays and redeliveries do.
  for (std::size_t i = 0; i + 8 < deliveries.size(); i += 4) {
    std::shuffle(deliveries.begin() + static_cast<std::ptrdiff_t>(i),
                 deliveries.begin() + static_cast<std::ptrdiff_t>(i) + 8, random);
  }
  for (const auto& match : deliveries) publish(match);
  ASSERT_TRUE(await_applied(300));

  std::map<std::tuple<std::string, std::string, std::string>, ExpectedBoard> boards;  // season, mode, region
  for (const auto& match : matches) {
    const std::string season = match.ended_at < day(7, 1) ? "s1" : "s2";
    for (const auto& region : {std::string(), match.region.str()}) {
      add(boards[{season, match.mode.str(), region}], match);
    }
  }
  EXPECT_EQ(boards.size(), 12U);
  for (const auto& [key, standings] : boards) {
    const auto& [season, mode, region] = key;
    auto request = board(season.c_str());
    request.mode = *Mode::parse(mode);
    if (!region.empty()) request.region = Region::parse(region);
    SCOPED_TRACE(season + " " + mode + " " + region);
    expect_board(request, tenant_, standings);
  }
}

// Each node has the right count, begins where a node of the level below begins, and holds at most its capacity.
void expect_consistent_tree() {
  EXPECT_EQ(
      number("SELECT count(*) FROM (SELECT n.*, lead(low) OVER (PARTITION BY board_id, level ORDER BY low) AS until "
             "FROM leaderboard.rank_node n) n WHERE n.players <> (SELECT count(*) FROM leaderboard.standing s "
             "WHERE s.board_id = n.board_id AND s.place >= n.low AND (n.until IS NULL OR s.place < n.until))"),
      0);
  EXPECT_EQ(
      number("SELECT count(*) FROM leaderboard.rank_node n WHERE n.level > 1 AND NOT EXISTS (SELECT FROM "
             "leaderboard.rank_node c WHERE c.board_id = n.board_id AND c.level = n.level - 1 AND c.low = n.low)"),
      0);
  EXPECT_EQ(
      number("SELECT count(*) FROM leaderboard.rank_node WHERE level = 1 AND players > leaderboard.rank_capacity(1)"),
      0);
}

TEST_F(Standings, TheRankTreeStaysConsistentWhileEveryPlayerMoves) {
  std::mt19937 random(7);
  const auto players = fresh_players(200);
  std::vector<std::int64_t> games(players.size(), 0);
  std::int64_t matches = 0;
  // Ratings are far apart, then almost equal, then far apart again: nodes are split, merged and split again.
  for (const int spread : {4'000, 1, 4'000}) {
    for (std::size_t i = 0; i + 1 < players.size(); i += 2) {
      const auto mmr = [&] { return std::uniform_int_distribution<int>(0, spread)(random) / 4.0; };
      publish(duel(tenant_, {players[i], mmr(), ++games[i]}, {players[i + 1], mmr(), ++games[i + 1]}, std::nullopt));
      ++matches;
    }
    ASSERT_TRUE(await_applied(matches));
    expect_consistent_tree();
    const auto entries = whole_board(board(), anyone_, 1'000);
    ASSERT_EQ(entries.size(), players.size());
    for (std::size_t i = 0; i < entries.size(); i += 17) {
      EXPECT_EQ(send(board(), as_player(tenant_, entries[i].player_id))->your_rank, entries[i].rank);
    }
  }
  EXPECT_GT(
      number(
          "SELECT max(n) FROM (SELECT count(*) AS n FROM leaderboard.rank_node WHERE level = 3 GROUP BY board_id) c"),
      1)
      << "the third level has several nodes";
}

TEST_F(Standings, YourRankIsTheRankOfYourEntryDuringUpdates) {
  const Instance second;
  const auto players = fresh_players(40);
  for (std::size_t i = 0; i < 40; i += 2)
    publish(duel(tenant_, {players[i], 1500}, {players[i + 1], 1500}, std::nullopt));
  ASSERT_TRUE(await_applied(20));
  const std::jthread writer([&] {
    std::mt19937 random(3);
    for (std::int64_t games = 2; games < 12; ++games) {
      for (std::size_t i = 0; i < 40; i += 2) {
        const auto mmr = [&] { return 1500.0 + std::uniform_int_distribution<int>(-20, 20)(random); };
        publish(duel(tenant_, {players[i], mmr(), games}, {players[i + 1], mmr(), games}, 0));
      }
    }
  });
  for (int looks = 0; looks < 50 || applied(tenant_) < 220; ++looks) {
    ASSERT_LT(looks, 100'000);
    const auto you = players[static_cast<std::size_t>(looks) % players.size()];
    const auto page = send(board(), as_player(tenant_, you));
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->entries.size(), 40U);
    EXPECT_EQ(page->total, 40);
    const auto own = std::find_if(page->entries.begin(), page->entries.end(),
                                  [&](const LeaderboardEntry& entry) { return entry.player_id == you; });
    ASSERT_NE(own, page->entries.end());
    EXPECT_EQ(page->your_rank, own->rank);
  }
}

TEST_F(Standings, RefuseCursorsOfOtherRequests) {
  const auto players = fresh_players(4);
  publish(duel(tenant_, {players[0], 1520}, {players[1], 1480}, 0));
  publish(duel(tenant_, {players[2], 1520}, {players[3], 1480}, 0));
  ASSERT_TRUE(await_applied(2));
  auto request = board();
  request.limit = 2;
  const auto first = send(request, anyone_);
  ASSERT_TRUE(first->next_cursor);
  const auto refused = [&](GetLeaderboard asked, const Caller& caller) {
    const auto answer = send(asked, caller);
    return !answer && answer.error().code == Code::invalid_fields && answer.error().errors.at(0).pointer == "/cursor";
  };
  request.cursor = first->next_cursor;
  EXPECT_EQ(send(request, anyone_)->entries.at(0).rank, 3);
  EXPECT_TRUE(refused(request, as_service(fresh_tenant())));
  auto other = request;
  other.season = *Season::parse("s1");
  EXPECT_TRUE(refused(other, anyone_));
  other = request;
  other.cursor->back() = other.cursor->back() == 'A' ? 'B' : 'A';
  EXPECT_TRUE(refused(other, anyone_));
  other.cursor = "nonsense";
  EXPECT_TRUE(refused(other, anyone_));
}

}  // namespace
}  // namespace mm::leaderboard
