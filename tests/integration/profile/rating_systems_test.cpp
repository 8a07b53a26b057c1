// Tests of modes that are rated by Glicko-2, by Weng-Lin or by the margin of a win, from match.completed to match.rated
// and profile.ratings, with the certainty of the ratings.
#include <algorithm>
#include <random>

#include "common/testing/own_file.h"
#include "services/profile/core/certainty.h"
#include "tests/integration/profile/rated_events.h"
#include "tests/integration/profile/replay.h"

namespace mm::profile {
namespace {

using testing::eventually;

const Mode kGlicko = *Mode::parse("glicko");
const Mode kWengLin = *Mode::parse("weng_lin");
const Mode kRounds = *Mode::parse("rounds");
constexpr auto kDay = std::chrono::hours(24);

std::string table_of(const char* glicko, const char* weng_lin) {
  return std::string("[[mode]]\nid = \"glicko\"\nrating = \"") + glicko +
         "\"\n[[mode]]\nid = \"weng_lin\"\nrating = \"" + weng_lin +
         "\"\n[[mode]]\nid = \"rounds\"\nmargin_stat = \"rounds\"\n";
}

class RatingSystems : public ::testing::Test {
 protected:
  bool await_applied(std::int64_t count) const {
    return eventually(
        [&] { return number("SELECT count(*) FROM profile.applied WHERE tenant = '" + tenant_.str() + "'") == count; },
        Milliseconds{60'000});
  }
  /// The stored row of the player.
  Rated stored(PlayerId player, const Mode& mode) const {
    const auto found = rows(
        "SELECT mmr, games, deviation, volatility, (extract(epoch FROM deviation_at) * 1000)::bigint "
        "FROM profile.rating WHERE tenant = '" +
        tenant_.str() + "' AND player_id = '" + player.to_string() + "' AND mode = '" + mode.str() + "'");
    if (found.empty()) return {};
    const auto& row = found[0];
    return {std::stoll(row[0]), std::stoll(row[1]), std::stoll(row[2]), std::stoll(row[3]),
            row[4].empty() ? std::nullopt : std::optional(TimePoint(Milliseconds(std::stoll(row[4]))))};
  }
  Ratings ask_for(const std::vector<PlayerId>& players) const {
    GetRatings request;
    request.tenant = tenant_;
    request.player_ids = players;
    const auto answer = send(request);
    EXPECT_TRUE(answer.ok());
    return answer ? *answer : Ratings{};
  }
  MatchCompleted ended(const std::vector<std::vector<PlayerId>>& teams, std::optional<int> winner, const Mode& mode,
                       TimePoint when) const {
    auto match = match_of(tenant_, teams, winner, mode);
    match.ended_at = when;
    match.started_at = when - Seconds(60);
    return match;
  }

  const Tenant tenant_ = fresh_tenant();
  const TimePoint now_ = SystemClock{}.now();
  const testing::OwnFile modes_{table_of("glicko2", "weng_lin")};
  Instance profile_{4, modes_.path()};
};

TEST_F(RatingSystems, AModeIsRatedByGlicko2) {
  const RatedEvents events;
  const auto players = fresh_players(2);
  const auto first = ended({{players[0]}, {players[1]}}, 0, kGlicko, now_ - kDay * 30);
  publish(first);
  ASSERT_TRUE(await_applied(1));
  const auto winner = stored(players[0], kGlicko);
  EXPECT_EQ(winner, (Rated{166'221, 1, 29'023, 59'999'675, first.ended_at}));
  EXPECT_EQ(stored(players[1], kGlicko), (Rated{133'779, 1, 29'023, 59'999'675, first.ended_at}));

  const auto event = events.await(first.match_id);
  ASSERT_TRUE(event);
  EXPECT_DOUBLE_EQ(event->teams[0][0].mmr_after, 1662.21);
  EXPECT_DOUBLE_EQ(event->teams[0][0].deviation, 290.23);
  EXPECT_EQ(event->teams[0][0].deviation_at, first.ended_at);
  EXPECT_NEAR(event->teams[0][0].deviation_growth, 4.825, 0.001);

  // A later match of four teams of one player, with an upset: the new rows are what core/ computes from the old rows.
  const auto more = fresh_players(2);
  const auto second = ended({{players[0]}, {more[0]}, {players[1]}, {more[1]}}, 2, kGlicko, now_ - kDay);
  const auto expected = rate(RatingSystem::glicko2, {{winner}, {Rated{}}, {stored(players[1], kGlicko)}, {Rated{}}},
                             {2, second.ended_at, 0});
  publish(second);
  ASSERT_TRUE(await_applied(2));
  const auto after = stored(players[1], kGlicko);
  EXPECT_EQ(after.mmr, expected[2][0].mmr);
  EXPECT_EQ(after.deviation, expected[2][0].deviation);
  EXPECT_EQ(after.volatility, expected[2][0].volatility);
  EXPECT_GT(after.mmr, 133'779);
  EXPECT_EQ(after.games, 2);
  EXPECT_EQ(expect_log_gives_the_ratings(tenant_), 2U);
}

TEST_F(RatingSystems, AModeIsRatedByWengLin) {
  const RatedEvents events;
  const auto players = fresh_players(4);
  const auto first = ended({{players[0]}, {players[1]}}, 0, kWengLin, now_ - kDay * 3);
  publish(first);
  ASSERT_TRUE(await_applied(1));
  EXPECT_EQ(stored(players[0], kWengLin), (Rated{168'934, 1, 29'437, kInitialVolatility, first.ended_at}));
  EXPECT_EQ(stored(players[1], kWengLin), (Rated{131'066, 1, 29'437, kInitialVolatility, first.ended_at}));

  const auto second = ended({{players[0], players[2]}, {players[1], players[3]}}, std::nullopt, kWengLin, now_);
  const auto expected =
      rate(RatingSystem::weng_lin, {{stored(players[0], kWengLin), Rated{}}, {stored(players[1], kWengLin), Rated{}}},
           {std::nullopt, second.ended_at, 0});
  publish(second);
  const auto event = events.await(second.match_id);
  ASSERT_TRUE(event);
  EXPECT_LT(event->teams[0][0].mmr_after, 1689.34) << "drew as the favourite";
  EXPECT_GT(event->teams[1][1].mmr_after, 1500);
  for (std::size_t team = 0; team < 2; ++team) {
    for (std::size_t slot = 0; slot < 2; ++slot) {
      EXPECT_DOUBLE_EQ(event->teams[team][slot].mmr_after, to_points(expected[team][slot].mmr));
      EXPECT_DOUBLE_EQ(event->teams[team][slot].deviation, to_points(expected[team][slot].deviation));
    }
  }
  EXPECT_EQ(expect_log_gives_the_ratings(tenant_), 2U);
}

TEST_F(RatingSystems, RatingsHaveTheDeviationOfThePresentTime) {
  const auto players = fresh_players(2);
  const auto match = ended({{players[0]}, {players[1]}}, 0, kGlicko, now_ - kDay * 365);
  publish(match);
  ASSERT_TRUE(await_applied(1));
  const auto table = stored(players[0], kGlicko);
  EXPECT_EQ(table.deviation, 29'023) << "the table has the deviation as of the match";
  const auto asked = ask_for({players[0]});
  ASSERT_EQ(asked.ratings.size(), 1U);
  const auto& rating = asked.ratings[0];
  ASSERT_TRUE(rating.deviation_at);
  EXPECT_GE(*rating.deviation_at, now_);
  EXPECT_NEAR(rating.deviation, grown_deviation(table, *rating.deviation_at), 0.006);
  EXPECT_NEAR(rating.deviation, 304.5, 0.1);

  // The next match starts with the grown deviation.
  const auto again = ended({{players[0]}, {players[1]}}, 0, kGlicko, now_);
  publish(again);
  ASSERT_TRUE(await_applied(2));
  EXPECT_EQ(expect_log_gives_the_ratings(tenant_), 2U);
}

TEST_F(RatingSystems, TheMarginOfAWinCountsInModesWithAMarginStat) {
  const RatedEvents events;
  const auto players = fresh_players(4);
  auto close = match_of(tenant_, {{players[0]}, {players[1]}}, 0, kRounds);
  close.teams[0][0].stats.text = R"({"rounds":13,"kills":2})";
  close.teams[1][0].stats.text = R"({"rounds":2})";
  auto plain = match_of(tenant_, {{players[2]}, {players[3]}}, 0, kRounds);
  publish(close);
  publish(plain);
  const auto event = events.await(close.match_id);
  ASSERT_TRUE(event && events.await(plain.match_id));
  EXPECT_DOUBLE_EQ(event->teams[0][0].mmr_after, 1534.66) << "40 * 0.5 * (1 + 11 / 15)";
  EXPECT_DOUBLE_EQ(event->teams[1][0].mmr_after, 1465.34);
  EXPECT_EQ(stored(players[2], kRounds).mmr, 152'000) << "a result without a score counts without a margin";
  EXPECT_EQ(number("SELECT margin FROM profile.applied WHERE match_id = '" + close.match_id.to_string() + "'"), 733);
  EXPECT_EQ(expect_log_gives_the_ratings(tenant_), 2U);
}

TEST_F(RatingSystems, TheLogGivesTheRatingsAgainAfterChangesOfTheSystems) {
  std::mt19937 random(20261121);
  const auto pick = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  const auto players = fresh_players(10);
  const Mode modes[] = {kGlicko, kWengLin, kRounds};
  const auto play = [&](int matches) {
    for (int i = 0; i < matches; ++i) {
      auto roster = players;
      std::shuffle(roster.begin(), roster.end(), random);
      std::vector<std::vector<PlayerId>> teams(static_cast<std::size_t>(2 + pick(1)));
      const auto size = static_cast<std::size_t>(1 + pick(2));
      std::size_t next = 0;
      for (auto& team : teams) {
        for (std::size_t s = 0; s < size; ++s) team.push_back(roster[next++]);
      }
      const int drawn = pick(static_cast<int>(teams.size()));
      const auto winner = std::cmp_equal(drawn, teams.size()) ? std::nullopt : std::optional(drawn);
      // The matches are not in the order in which they ended: between minutes and months ago.
      auto match = ended(teams, winner, modes[pick(2)], now_ - std::chrono::minutes(pick(300'000)));
      for (auto& team : match.teams) team[0].stats.text = "{\"rounds\":" + std::to_string(pick(13)) + "}";
      publish(match);
    }
  };
  {
    const Instance second(4, modes_.path());
    play(75);
    ASSERT_TRUE(await_applied(75));
  }
  // From now on the modes have other rating systems.
  profile_.stop();
  const testing::OwnFile swapped(table_of("weng_lin", "elo"));
  const Instance third(4, swapped.path());
  const Instance fourth(4, swapped.path());
  play(75);
  ASSERT_TRUE(await_applied(150));
  EXPECT_EQ(expect_log_gives_the_ratings(tenant_), 150U);
  EXPECT_EQ(number("SELECT count(DISTINCT (mode, rating)) FROM profile.applied WHERE tenant = '" + tenant_.str() + "'"),
            5);
  EXPECT_EQ(
      number("SELECT sum(mmr - 150000) FROM profile.rating WHERE mode = 'rounds' AND tenant = '" + tenant_.str() + "'"),
      0)
      << "the changes of Elo add up to zero, with and without margins";
}

}  // namespace
}  // namespace mm::profile
