#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

Settings settings_of(const World& world, const std::string& modes_file) {
  Settings settings;
  settings.postgres_url = world.postgres.url_as("session");
  settings.redis_cache_url = world.cache.url_as("session");
  settings.modes_file = modes_file;
  return settings;
}

}  // namespace

FakeOrchestrator::FakeOrchestrator(bus::Bus& bus, metrics::Registry& metrics, int capacity)
    : capacity_(capacity), server_(bus, {.name = "orchestrator"}, metrics) {
  server_.serve<AllocateServer>([this](const AllocateServer& r, const bus::Context&) { return allocate(r); });
  server_.serve<ReleaseServer>([this](const ReleaseServer& r, const bus::Context&) { return release(r.match_id); });
  server_.start();
}

Reply<Allocation> FakeOrchestrator::allocate(const AllocateServer& request) {
  std::function<std::optional<Problem>(MatchId)> hook;
  {
    const std::lock_guard lock(mutex_);
    requested_.push_back(request.match_id);
    requests_[request.match_id] = request;
    hook = intercept_;
  }
  if (hook) {
    if (auto problem = hook(request.match_id)) return fail(*std::move(problem));
  }
  const std::lock_guard lock(mutex_);
  if (releases_.contains(request.match_id)) return refuse(Code::match_over);
  if (const auto known = live_.find(request.match_id); known != live_.end()) return known->second;
  if (static_cast<int>(live_.size()) >= capacity_) return refuse(Code::no_capacity);
  Allocation allocation;
  allocation.match_id = request.match_id;
  allocation.server_id = ServerId::fresh(SystemClock().now());
  allocation.server_endpoint = "127.0.0.1:4242";
  allocation.server_url = "ws://127.0.0.1:4242/match/" + request.match_id.to_string();
  live_[request.match_id] = allocation;
  allocated_.push_back(request.match_id);
  return allocation;
}

Reply<Released> FakeOrchestrator::release(MatchId match) {
  const std::lock_guard lock(mutex_);
  ++releases_[match];
  live_.erase(match);
  return Released{match};
}

void FakeOrchestrator::set_capacity(int capacity) {
  const std::lock_guard lock(mutex_);
  capacity_ = capacity;
}

std::vector<MatchId> FakeOrchestrator::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

std::vector<MatchId> FakeOrchestrator::allocated() const {
  const std::lock_guard lock(mutex_);
  return allocated_;
}

int FakeOrchestrator::releases_of(MatchId match) const {
  const std::lock_guard lock(mutex_);
  const auto found = releases_.find(match);
  return found == releases_.end() ? 0 : found->second;
}

std::optional<AllocateServer> FakeOrchestrator::request_of(MatchId match) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(match);
  if (found == requests_.end()) return std::nullopt;
  return found->second;
}

void FakeOrchestrator::intercept(std::function<std::optional<Problem>(MatchId)> with) {
  const std::lock_guard lock(mutex_);
  intercept_ = std::move(with);
}

World& World::shared() {
  static World world;
  return world;
}

void World::clean() {
  database.rows("TRUNCATE session.match, session.live_player, session.ended_player, session.outbox");
}

void World::set_connected(PlayerId player) {
  storage::Redis redis(testing::redis_options(cache));
  testing::set_connected(redis, default_tenant(), player);
}

RowRefused::RowRefused(World& world, MatchId match, const std::string& state) : world_(world) {
  world_.database.rows("ALTER TABLE session.match ADD CONSTRAINT refused_by_the_test CHECK (match_id <> '" +
                       match.to_string() + "' OR state <> '" + state + "')");
}

RowRefused::~RowRefused() { world_.database.rows("ALTER TABLE session.match DROP CONSTRAINT refused_by_the_test"); }

Instance::Instance(const World& world, const Timing& timing, const std::string& modes_file)
    : Daemon(world.nats, settings_of(world, modes_file), {"session-1"}, timing) {}

MatchFound fresh_match(std::vector<std::size_t> team_sizes) {
  const auto now = SystemClock().now();
  MatchFound found;
  found.match_id = MatchId::fresh(now);
  found.tenant = default_tenant();
  found.mode = ranked_mode();
  found.region = default_region();
  found.created_at = now;
  found.team_size = static_cast<int>(team_sizes.front());
  for (const auto size : team_sizes) {
    auto& team = found.teams.emplace_back();
    for (std::size_t i = 0; i < size; ++i) {
      FoundPlayer player;
      player.player_id = PlayerId::fresh(now);
      player.ticket_id = TicketId::fresh(now);
      player.mmr = 1500.25;
      team.players.push_back(player);
    }
  }
  return found;
}

std::vector<PlayerId> players_in(const MatchFound& found) {
  std::vector<PlayerId> players;
  for (const auto& team : found.teams) {
    for (const auto& player : team.players) players.push_back(player.player_id);
  }
  return players;
}

std::vector<TicketId> tickets_in(const MatchFound& found) {
  std::vector<TicketId> tickets;
  for (const auto& team : found.teams) {
    for (const auto& player : team.players) tickets.push_back(*player.ticket_id);
  }
  return tickets;
}

void SessionTest::publish(const MatchFound& found) {
  static int copies = 0;
  const auto stored = world_.bus->store(found, found.match_id.to_string() + "." + std::to_string(++copies), soon());
  ASSERT_TRUE(stored.ok()) << stored.error();
}

Reply<MatchView> SessionTest::get(MatchId match, const Caller& caller) {
  return world_.bus->request(GetMatch{match, std::nullopt}, caller, soon());
}

Reply<MatchView> SessionTest::get_live(PlayerId player) {
  return world_.bus->request(GetMatch{std::nullopt, player}, as_player(player), soon());
}

Reply<HeartbeatAnswer> SessionTest::send_heartbeat(MatchId match, ServerPhase phase) {
  return world_.bus->request(Heartbeat{match, 2, phase}, as_server(match), soon());
}

Reply<HeartbeatAnswer> SessionTest::send_heartbeat_as(const Caller& caller, MatchId match) {
  return world_.bus->request(Heartbeat{match, 2, ServerPhase::running}, caller, soon());
}

Reply<ResultAnswer> SessionTest::report(const ReportResult& result) {
  return report_as(as_server(result.match_id), result);
}

Reply<ResultAnswer> SessionTest::report_as(const Caller& caller, const ReportResult& result) {
  return world_.bus->request(result, caller, soon());
}

bool SessionTest::becomes(MatchId match, MatchStatus status) {
  return testing::eventually([&] {
    const auto view = get(match);
    return view && view->status == status;
  });
}

MatchFound SessionTest::ready_match(std::vector<std::size_t> team_sizes) {
  const auto found = fresh_match(std::move(team_sizes));
  publish(found);
  EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
  return found;
}

ReportResult result_of(const MatchFound& found, std::optional<int> winner) {
  ReportResult result;
  result.match_id = found.match_id;
  result.winning_team = winner;
  result.duration_seconds = 12.5;
  result.player_stats.emplace();
  for (const auto player : players_in(found)) {
    result.player_stats->push_back({R"({"player_id":")" + player.to_string() + R"(","kills":3})"});
  }
  return result;
}

}  // namespace mm::session
