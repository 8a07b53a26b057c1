#include "tests/integration/leaderboard/world.h"

#include <atomic>

#include "common/testing/event_keys.h"

namespace mm::leaderboard {
namespace {

std::atomic<int> serial = 0;

}  // namespace

std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics, const std::string& user) {
  bus::Options options;
  options.url = nats.url();
  options.user = user;
  options.password = testing::OwnNats::password(user);
  options.name = user;
  if (user != rights::kOperator) options.keys = testing::event_keys();
  auto bus = bus::Bus::connect(options, metrics, soon());
  check(bus.ok(), "no connection to the test's nats-server");
  return std::move(*bus);
}

World& World::get() {
  static World world;
  if (!world.bus) {
    world.bus = connect(world.nats, world.metrics);
    storage::PostgresOptions options;
    options.url = world.postgres.url();
    world.database = std::make_unique<storage::Postgres>(options);
    const auto small = world.database->transaction(soon(), [](pqxx::work& tx) {
      tx.exec(
          "CREATE OR REPLACE FUNCTION leaderboard.rank_fanout() RETURNS bigint LANGUAGE sql IMMUTABLE "
          "AS 'SELECT 4::bigint'");
    });
    check(small.ok(), "the fanout of the rank tree could not be changed");
  }
  return world;
}

Instance::Instance() : bus_(connect(World::get().nats, metrics_, "leaderboard")) {
  runtime_ = std::make_unique<Runtime>(Runtime{"leaderboard", "leaderboard-" + std::to_string(++serial), clock,
                                               credentials_, metrics_, health_, *bus_, nullptr});
  Settings settings;
  settings.postgres_url = World::get().postgres.url_as("leaderboard");
  settings.seasons = kSeasonSetting;
  service_ = std::make_unique<Service>(settings, *runtime_);
}

double Instance::metric(const std::string& series) const {
  const auto text = "\n" + metrics_.expose();
  const auto found = text.find("\n" + series + " ");
  if (found == std::string::npos) return 0;
  return std::stod(text.substr(found + series.size() + 2));
}

TimePoint day(unsigned month, unsigned day_of_2026) {
  return TimePoint(std::chrono::sys_days(
      std::chrono::year_month_day{std::chrono::year{2026}, std::chrono::month{month}, std::chrono::day{day_of_2026}}));
}

Tenant fresh_tenant() { return *Tenant::parse("t" + std::to_string(++serial)); }
PlayerId fresh_player() { return PlayerId::fresh(SystemClock{}.now()); }
std::vector<PlayerId> fresh_players(std::size_t count) {
  std::vector<PlayerId> players(count);
  for (auto& player : players) player = fresh_player();
  return players;
}

Caller as_player(const Tenant& tenant, PlayerId player) { return {tenant, Role::player, player, std::nullopt}; }
Caller as_service(const Tenant& tenant) { return {tenant, Role::service, std::nullopt, std::nullopt}; }

Reply<std::string> ask_raw(std::string_view subject, const std::string& body, const Caller& caller) {
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

std::int64_t number(const std::string& sql) {
  std::optional<std::int64_t> found;
  // The database may have been restarted just now.
  EXPECT_TRUE(testing::eventually([&] {
    const auto answer =
        World::get().database->transaction(soon(), [&](pqxx::work& tx) { return tx.exec1(sql)[0].as<std::int64_t>(); });
    if (answer) found = *answer;
    return answer.ok();
  })) << sql;
  return found.value_or(-1);
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
    const auto answer = ask(request, caller);
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
