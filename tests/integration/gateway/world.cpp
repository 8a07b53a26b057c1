#include "tests/integration/gateway/world.h"

#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mm::gateway::testing {
namespace {

std::atomic<int> serial = 0;

Deadline soon() { return Deadline::after(Milliseconds{20'000}); }

std::string temporary_folder() {
  char folder[] = "/tmp/gateway-test-XXXXXX";
  return ::mkdtemp(folder);
}

std::unique_ptr<bus::Bus> connect(const World& world, metrics::Registry& metrics, const std::string& user = "test") {
  bus::Options options;
  options.url = world.nats.url();
  options.user = user;
  options.password = mm::testing::OwnNats::password(user);
  options.name = user;
  auto bus = bus::Bus::connect(options, metrics, soon());
  check(bus.ok(), "no connection to the test's nats-server");
  return std::move(*bus);
}

void write_secret(const std::string& folder, const std::string& name, const std::string& secret) {
  const auto path = folder + "/" + name;
  std::ofstream(path) << secret << "\n";
  ::chmod(path.c_str(), 0600);
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
    : credentials(temporary_folder()), queue(mm::testing::OwnRedis::Instance::queue, std::move(queue_arguments)) {
  write_secret(credentials, "access_token_key", kAccessKey + " " + kOldAccessKey);
  write_secret(credentials, "server_token_key", kServerKey);
  write_secret(credentials, "admin_token", kAdminToken);
  write_secret(credentials, "redis_cache_password", cache.password_of("gateway"));
  write_secret(credentials, "redis_queue_password", queue.password_of("gateway"));
  bus = connect(*this, metrics);
  server = std::make_unique<bus::Server>(
      *bus, bus::ServerOptions{.name = "stand_ins", .description = "answers for all daemons"}, metrics);
  serve_all(*server, fakes);
  server->start();
}

World::~World() {
  server.reset();
  std::filesystem::remove_all(credentials);
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
    : clock_(beginning()), credentials_(world.credentials), bus_(connect(world, metrics_, "gateway")) {
  Settings settings;
  settings.port = 0;
  settings.redis_cache_url = world.cache.url_as("gateway");
  settings.redis_queue_url = world.queue.url_as("gateway");
  settings.rate_limits = false;
  settings.tenants = *TenantList::parse("default,tetris");
  settings.allowed_origins = "https://game.example";
  settings.threads = 2;
  if (change) change(settings);
  ca_file_ = settings.tls_cert_file.value_or("");
  runtime_ = std::make_unique<Runtime>(Runtime{"gateway", "gateway-" + std::to_string(++serial), clock_, credentials_,
                                               metrics_, health_, *bus_, nullptr});
  service_ = std::make_unique<Service>(settings, *runtime_);
  check(mm::testing::eventually([&] { return get("/readyz").status == 200; }), "the gateway does not become ready");
}

Instance::~Instance() {
  health_.pause_probes();
  service_.reset();
}

double Instance::metric(const std::string& series) const {
  const auto text = "\n" + metrics_.expose();
  const auto found = text.find("\n" + series + " ");
  return found == std::string::npos ? 0 : std::stod(text.substr(found + series.size() + 2));
}

Instance& gateway() {
  World::get();  // outlives it
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

void nobody_is_anywhere() {
  fake<GetParty>().refuse(Code::no_party);
  fake<GetTicket>().refuse(Code::not_found);
  fake<GetMatch>().refuse(Code::no_match);
  fake<GetInvitations>().answer(OpenInvitations{});
  fake<GetRecentMatches>().answer(RecentMatches{});
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
