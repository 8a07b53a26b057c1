#include "tests/integration/gateway/world.h"

#include <sys/stat.h>

#include <atomic>
#include <fstream>

namespace mm::gateway::testing {
namespace {

std::atomic<int> serial = 0;

void write_secret(const std::string& folder, const std::string& name, const std::string& secret) {
  const auto path = folder + "/" + name;
  std::ofstream(path) << secret << "\n";
  ::chmod(path.c_str(), 0600);
}

Settings settings_of(const World& world, const std::function<void(Settings&)>& change) {
  Settings settings;
  settings.port = 0;
  settings.redis_cache_url = world.cache.url_as("gateway");
  settings.redis_queue_url = world.queue.url_as("gateway");
  settings.rate_limits = false;
  settings.tenants = *TenantList::parse("default,tetris");
  settings.allowed_origins = "https://game.example";
  settings.threads = 2;
  if (change) change(settings);
  return settings;
}

template <class... Reqs>
void serve_all(bus::Server& server, Fakes<Reqs...>& fakes) {
  (server.serve<Reqs>([&fake = std::get<Fake<Reqs>>(fakes)](const Reqs& request, const bus::Context& context) {
    return fake.serve(request, context);
  }),
   ...);
}

}  // namespace

World::World(std::vector<std::string> queue_arguments)
    : queue(mm::testing::OwnRedis::Instance::queue, std::move(queue_arguments)) {
  write_secret(credentials.path(), "access_token_key", kAccessKey + " " + kOldAccessKey);
  write_secret(credentials.path(), "server_token_key", kServerKey);
  write_secret(credentials.path(), "admin_token", kAdminToken);
  write_secret(credentials.path(), "redis_cache_password", cache.password_of("gateway"));
  write_secret(credentials.path(), "redis_queue_password", queue.password_of("gateway"));
  serve();
}

void World::serve() {
  const bus::ServerOptions options{.name = "fakes", .description = "answers for all daemons"};
  server = std::make_unique<bus::Server>(*bus, options, metrics);
  serve_all(*server, fakes);
  server->start();
}

World& World::get() {
  static World world;
  return world;
}

TimePoint beginning() {
  static const TimePoint at = SystemClock{}.now();
  return at;
}

Instance::Instance(const std::function<void(Settings&)>& change, World& world)
    : Instance(world, settings_of(world, change)) {
  check(mm::testing::eventually([&] { return get("/readyz").status == 200; }), "the gateway does not become ready");
}

Instance::Instance(World& world, const Settings& settings)
    : Daemon(world.nats, settings, {"gateway-" + std::to_string(++serial), clock, world.credentials.path()}),
      ca_file_(settings.tls_cert_file.value_or("")) {}

Instance& gateway() {
  World::get();  // made first, so it is destroyed after the instance
  static Instance instance;
  return instance;
}

Player fresh_player(TimePoint now) {
  Player player;
  player.id = PlayerId::fresh(now);
  player.name = "player_" + std::to_string(++serial);
  player.login = LoginId::fresh(now);
  player.token = access_token(claims_of(player, now));
  return player;
}

security::AccessClaims claims_of(const Player& player, TimePoint now) {
  return {player.id, default_tenant(), player.name, default_region(), player.login, now, now + Seconds{900}};
}

std::string access_token(const security::AccessClaims& claims) {
  return security::TokenSigner({kAccessKey}).sign(claims);
}

std::string server_token(MatchId match) {
  return security::TokenSigner({kServerKey})
      .sign(security::ServerClaims{match, default_tenant(), beginning() + Seconds{3600}});
}

Fields with(Fields fields, const std::string& name, const std::string& value) {
  fields.emplace_back(name, value);
  return fields;
}

LoggedIn logged_in(const Tenant& tenant) {
  LoggedIn who;
  who.player_id = PlayerId::fresh(SystemClock{}.now());
  who.username = "ada";
  who.region = default_region();
  who.tenant = tenant;
  return who;
}

Profile profile_of(const Player& player) {
  Profile profile;
  profile.player_id = player.id;
  profile.username = player.name;
  profile.region = default_region();
  return profile;
}

Party party_of(const std::vector<Player>& members) {
  const auto now = SystemClock{}.now();
  Party party;
  party.party_id = PartyId::fresh(now);
  party.leader_id = members.front().id;
  party.region = default_region();
  party.version = 1;
  party.created_at = now;
  for (const auto& member : members) party.members.push_back({member.id, member.name, false, now});
  return party;
}

Ticket ticket_in(const std::string& mode) {
  Ticket ticket;
  ticket.ticket_id = TicketId::fresh(SystemClock{}.now());
  ticket.queue_entry_id = ticket.ticket_id;
  ticket.mode = *Mode::parse(mode);
  ticket.region = default_region();
  ticket.queued_at = SystemClock{}.now();
  ticket.players = std::vector<TicketPlayer>{{}};
  return ticket;
}

MatchView match_with(const Player& player) {
  MatchView match;
  match.match_id = MatchId::fresh(SystemClock{}.now());
  match.status = MatchStatus::ready;
  match.mode = ranked_mode();
  match.region = default_region();
  match.teams = {{player.id}, {PlayerId::fresh(SystemClock{}.now())}};
  match.team = 0;
  match.server_endpoint = "127.0.0.1:4000";
  match.join_token = "join";
  match.requeue = std::vector<TicketId>{};
  return match;
}

void nobody_is_in(World& world) {
  world.fake<GetParty>().refuse(Code::no_party);
  world.fake<GetTicket>().refuse(Code::not_found);
  world.fake<GetMatch>().refuse(Code::no_match);
  world.fake<GetInvitations>().answer(OpenInvitations{});
  world.fake<GetRecentMatches>().answer(RecentMatches{});
}

void expect_problem(const Answer& answer, int status, const std::string& code) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.at("code"), code) << answer.body;
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_EQ(answer.at("status"), std::to_string(status));
  EXPECT_EQ(answer.at("type"), "/errors/" + code);
  EXPECT_EQ(answer.at("trace_id").size(), 32u);
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
  EXPECT_FALSE(answer.header("ratelimit").empty());
  EXPECT_FALSE(answer.header("x-request-id").empty());
  EXPECT_EQ(answer.header("retry-after").empty(), status != 429 && status != 503 && code != "idempotency_running");
}

}  // namespace mm::gateway::testing
