#include "tests/integration/leaderboard/world.h"

#include <atomic>

namespace mm::leaderboard {
namespace {

std::atomic<int> serial = 0;

Settings settings() {
  Settings settings;
  settings.postgres_url = World::get().postgres.url_as("leaderboard");
  settings.seasons = kSeasonSetting;
  return settings;
}

}  // namespace

World::World() {
  database.rows(
      "CREATE OR REPLACE FUNCTION leaderboard.rank_fanout() RETURNS bigint LANGUAGE sql IMMUTABLE "
      "AS 'SELECT 4::bigint'");
}

World& World::get() {
  static World world;
  return world;
}

Instance::Instance() : Daemon(World::get().nats, settings(), {"leaderboard-" + std::to_string(++serial), clock}) {}

TimePoint day(unsigned month, unsigned day_of_2026) {
  return TimePoint(std::chrono::sys_days(
      std::chrono::year_month_day{std::chrono::year{2026}, std::chrono::month{month}, std::chrono::day{day_of_2026}}));
}

Reply<std::string> send_raw(std::string_view subject, const std::string& body, const Caller& caller) {
  return World::get().bus->request(subject, body, caller, soon());
}

MatchRated duel(const Tenant& tenant, const Side& first, const Side& second, std::optional<int> winner) {
  MatchRated match;
  match.match_id = MatchId::fresh(SystemClock{}.now());
  match.tenant = tenant;
  match.mode = ranked_mode();
  match.region = default_region();
  match.winning_team = winner;
  match.duration_seconds = 90;
  match.started_at = day(8, 1);
  match.ended_at = day(8, 1) + Seconds(90);
  for (const auto& side : {first, second}) {
    auto& player = match.teams.emplace_back().emplace_back();
    player.player_id = side.player;
    player.mmr_before = 1500;
    player.mmr_after = side.mmr_after;
    player.games = side.games;
  }
  return match;
}

void publish(const MatchRated& match) {
  const auto stored = World::get().bus->store(match, new_uuid(SystemClock{}.now()).to_string(), soon());
  ASSERT_TRUE(stored.ok()) << stored.error();
}

std::int64_t applied(const Tenant& tenant) {
  return number("SELECT count(*) FROM leaderboard.match WHERE tenant = '" + tenant.str() + "'");
}

GetHistory history_of(PlayerId player, std::optional<Mode> mode) {
  GetHistory request;
  request.player_id = player;
  request.mode = mode;
  return request;
}

std::vector<LeaderboardEntry> whole_board(GetLeaderboard request, const Caller& caller, int page) {
  std::vector<LeaderboardEntry> entries;
  request.limit = page;
  for (int pages = 0; pages < 10'000; ++pages) {
    const auto answer = send(request, caller);
    EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().detail);
    if (!answer) break;
    EXPECT_LE(answer->entries.size(), static_cast<std::size_t>(page));
    entries.insert(entries.end(), answer->entries.begin(), answer->entries.end());
    request.cursor = answer->next_cursor;
    if (!request.cursor) break;
  }
  return entries;
}

}  // namespace mm::leaderboard
