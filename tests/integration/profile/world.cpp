#include "tests/integration/profile/world.h"

#include <atomic>

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

World& World::get() {
  static World world;
  return world;
}

Instance::Instance(int bcrypt_cost, const std::string& modes_file)
    : Daemon(World::get().nats, settings_of(World::get(), bcrypt_cost, modes_file),
             {"profile-" + std::to_string(++serial)}) {}

Reply<std::string> send_raw(std::string_view subject, const std::string& body, const Caller& caller) {
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
  auto answer = send(registration(tenant, username));
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

Hundredths rating_of(const Tenant& tenant, PlayerId player, const Mode& mode) {
  const auto found = rows("SELECT mmr FROM profile.rating WHERE tenant = '" + tenant.str() + "' AND player_id = '" +
                          player.to_string() + "' AND mode = '" + mode.str() + "'");
  return found.empty() ? kInitialRating : std::stoll(found[0][0]);
}

}  // namespace mm::profile
