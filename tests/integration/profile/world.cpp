#include "tests/integration/profile/world.h"

#include <atomic>

#include "common/testing/event_keys.h"

namespace mm::profile {
namespace {

std::atomic<int> serial = 0;

Settings settings_of(const World& world, int bcrypt_cost, const std::string& modes_file) {
  Settings settings;
  settings.postgres_url = world.postgres.url_as("profile");
  settings.redis_cache_url = world.cache.url_as("profile");
  settings.bcrypt_cost = bcrypt_cost;
  settings.modes_file = modes_file;
  settings.tenants = TenantList::any();
  return settings;
}

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
  }
  return world;
}

Instance::Instance(int bcrypt_cost, const std::string& modes_file)
    : bus_(connect(World::get().nats, metrics_, "profile")) {
  runtime_ = std::make_unique<Runtime>(Runtime{"profile", "profile-" + std::to_string(++serial), clock_, credentials_,
                                               metrics_, health_, *bus_, nullptr});
  service_ = std::make_unique<Service>(settings_of(World::get(), bcrypt_cost, modes_file), *runtime_);
}

double Instance::metric(const std::string& series) const {
  const auto text = "\n" + metrics_.expose();
  const auto found = text.find("\n" + series + " ");
  if (found == std::string::npos) return 0;
  return std::stod(text.substr(found + series.size() + 2));
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

RegisterPlayer registration(const Tenant& tenant, const std::string& username) {
  RegisterPlayer request;
  request.username = username;
  request.email = username + "@example.org";
  request.password = "correct horse";
  request.tenant = tenant;
  return request;
}

RegisteredPlayer registered(const Tenant& tenant, const std::string& username) {
  auto answer = ask(registration(tenant, username));
  EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().detail);
  return answer ? *answer : RegisteredPlayer{};
}

MatchCompleted match_of(const Tenant& tenant, const std::vector<std::vector<PlayerId>>& teams,
                        std::optional<int> winner, const Mode& mode) {
  MatchCompleted match;
  const auto now = SystemClock{}.now();
  match.match_id = MatchId::fresh(now);
  match.tenant = tenant;
  match.mode = mode;
  match.region = default_region();
  match.winning_team = winner;
  match.duration_seconds = 60;
  match.started_at = now - Seconds(60);
  match.ended_at = now;
  for (const auto& team : teams) {
    auto& players = match.teams.emplace_back();
    for (const auto& player : team) players.emplace_back().player_id = player;
  }
  return match;
}

void publish(const MatchCompleted& match) {
  const auto id = new_uuid(SystemClock{}.now()).to_string();
  const auto stored = World::get().bus->store(match, id, soon());
  ASSERT_TRUE(stored.ok()) << stored.error();
}

std::vector<std::vector<std::string>> rows(const std::string& sql) {
  std::vector<std::vector<std::string>> all;
  const auto read = [&](pqxx::work& tx) {
    all.clear();
    for (const auto& row : tx.exec(sql)) {
      auto& texts = all.emplace_back();
      for (const auto& field : row) texts.push_back(field.is_null() ? "" : field.c_str());
    }
  };
  // The database may have been restarted just now.
  EXPECT_TRUE(testing::eventually([&] { return World::get().database->transaction(soon(), read).ok(); })) << sql;
  return all;
}

std::int64_t number(const std::string& sql) {
  const auto found = rows(sql);
  return found.empty() || found[0][0].empty() ? 0 : std::stoll(found[0][0]);
}

Hundredths rating_of(const Tenant& tenant, PlayerId player, const Mode& mode) {
  const auto found = rows("SELECT mmr FROM profile.rating WHERE tenant = '" + tenant.str() + "' AND player_id = '" +
                          player.to_string() + "' AND mode = '" + mode.str() + "'");
  return found.empty() ? kInitialRating : std::stoll(found[0][0]);
}

}  // namespace mm::profile
