#include "tests/integration/orchestrator/world.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/security/jwt.h"
#include "common/security/secrets.h"

namespace mm::orchestrator {
namespace {

bus::ServerOptions session_options() {
  bus::ServerOptions options;
  options.name = "session";
  return options;
}

std::string make_folder() {
  char folder[] = "/tmp/mm-orchestrator-XXXXXX";
  check(::mkdtemp(folder) != nullptr, "no temporary folder");
  return folder;
}

std::string built_program(const std::string& name) {
  const char* folder = std::getenv("MM_TEST_BINARY_DIR");
  check(folder != nullptr, "MM_TEST_BINARY_DIR is not set");
  return std::string(folder) + "/bin/" + name;
}

}  // namespace

SessionStandIn::SessionStandIn(bus::Bus& bus, metrics::Registry& metrics) : server_(bus, session_options(), metrics) {
  server_.serve<GetMatch>([this](const GetMatch& request, const bus::Context&) { return get(*request.match_id); });
  server_.start();
}

Reply<MatchView> SessionStandIn::get(MatchId match) {
  const std::lock_guard lock(mutex_);
  ++requests_[match];
  const auto found = states_.find(match);
  if (found == states_.end()) return refuse(Code::not_found);
  MatchView view;
  view.match_id = match;
  view.status = found->second;
  view.mode = ranked_mode();
  view.region = default_region();
  return view;
}

void SessionStandIn::set_status(MatchId match, MatchStatus status) {
  const std::lock_guard lock(mutex_);
  states_[match] = status;
}

int SessionStandIn::requests_about(MatchId match) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(match);
  return found == requests_.end() ? 0 : found->second;
}

std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics, const std::string& user) {
  bus::Options options;
  options.url = nats.url();
  options.user = user;
  options.password = testing::OwnNats::password(user);
  options.name = user;
  auto bus = bus::Bus::connect(options, metrics, soon());
  check(bus.ok(), "no connection to the test's nats-server");
  return std::move(*bus);
}

Servers::Servers() : bus(connect(nats, metrics)) {}

Servers& Servers::shared() {
  static Servers servers;
  return servers;
}

Instance::Instance(const Settings& settings, const testing::OwnNats& nats, const Timing& timing)
    : bus_(connect(nats, metrics_, "orchestrator")) {
  runtime_ = std::make_unique<Runtime>(
      Runtime{"orchestrator", "orchestrator-1", clock_, credentials_, metrics_, health_, *bus_, nullptr});
  service_ = std::make_unique<Service>(settings, *runtime_, timing);
}

double Instance::metric(const std::string& series) const {
  const auto text = "\n" + metrics_.expose();
  const auto found = text.find("\n" + series + " ");
  if (found == std::string::npos) return 0;
  return std::stod(text.substr(found + series.size() + 2));
}

std::string Game::join_token(PlayerId player) const {
  const security::TokenSigner signer({request.join_key});
  return signer.sign(security::JoinClaims{id(), player, SystemClock().now() + std::chrono::hours(1)});
}

Game fresh_game(std::vector<std::size_t> team_sizes) {
  const auto now = SystemClock().now();
  Game game;
  game.request.match_id = MatchId::fresh(now);
  game.request.mode = ranked_mode();
  game.request.region = default_region();
  game.request.server_token = "server-token-" + security::random_token(16);
  game.request.join_key = security::random_token(32);
  for (const auto size : team_sizes) {
    auto& team = game.request.teams.emplace_back();
    for (std::size_t i = 0; i < size; ++i) {
      team.push_back({PlayerId::fresh(now), 1500});
      game.players.push_back(team.back().player_id);
    }
  }
  return game;
}

OrchestratorTest::OrchestratorTest()
    : servers_(Servers::shared()), folder_(make_folder()), session_(*servers_.bus, servers_.metrics) {
  storage::PostgresOptions options;
  options.url = servers_.postgres.url();
  storage::Postgres database(options);
  const auto emptied =
      database.transaction(soon(), [](pqxx::work& tx) { tx.exec("TRUNCATE orchestrator.allocation"); });
  check(emptied.ok(), "the table could not be emptied");
}

OrchestratorTest::~OrchestratorTest() {
  orchestrator_.reset();
  end_game_servers();
  std::filesystem::remove_all(folder_);
}

Settings OrchestratorTest::settings() const {
  Settings settings;
  settings.postgres_url = servers_.postgres.url_as("orchestrator");
  settings.max_servers = 2;
  settings.game_seconds = 600;
  settings.game_server_program = built_program("game_server");
  settings.gateway_url = gateway_.url();
  settings.runtime_dir = folder_;
  return settings;
}

void OrchestratorTest::start(const Settings& settings, const Timing& timing) {
  orchestrator_.reset();
  orchestrator_ = std::make_unique<Instance>(settings, servers_.nats, timing);
}

Reply<Allocation> OrchestratorTest::allocate(const Game& game) {
  return servers_.bus->request(game.request, Caller{}, Deadline::after(Milliseconds{5'000}));
}

std::optional<Allocation> OrchestratorTest::allocate_at_last(const Game& game) {
  std::optional<Allocation> allocation;
  testing::eventually(
      [&] {
        const auto answer = allocate(game);
        if (answer) allocation = *answer;
        return answer.ok();
      },
      Milliseconds{30'000});
  return allocation;
}

Reply<Released> OrchestratorTest::release(MatchId match) {
  return servers_.bus->request(ReleaseServer{match}, Caller{}, soon());
}

std::vector<HttpRequest> OrchestratorTest::heartbeats(MatchId match) const {
  return gateway_.requests("/v1/session/" + match.to_string() + "/heartbeat");
}

std::vector<HttpRequest> OrchestratorTest::results(MatchId match) const {
  return gateway_.requests("/v1/session/" + match.to_string() + "/result");
}

bool OrchestratorTest::sends_heartbeat(MatchId match) const {
  return testing::eventually([&] { return !heartbeats(match).empty(); });
}

std::map<ServerId, pid_t> OrchestratorTest::game_servers() const {
  std::map<ServerId, pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() != ".pid") continue;
    pid_t pid = 0;
    std::ifstream(entry.path()) >> pid;
    const auto id = ServerId::parse(entry.path().stem().string());
    if (id && pid > 0) found.emplace(*id, pid);
  }
  return found;
}

void OrchestratorTest::end_game_servers() {
  const auto all = game_servers();
  for (const auto& [id, pid] : all) ::kill(pid, SIGTERM);
  for (const auto& [id, pid] : all) {
    if (!testing::eventually([pid = pid] { return !is_running(pid); })) ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);  // fails if another process started it
  }
  std::ifstream log(folder_ + "/game_servers.log");
  const std::string text(std::istreambuf_iterator<char>(log), {});
  EXPECT_EQ(text.find("Sanitizer"), std::string::npos) << text;
}

std::vector<std::string> without_test_settings(const std::string& program) {
  return {"env", "-u", "MM_TEST_SOURCE_DIR", "-u", "MM_TEST_BINARY_DIR", program};
}

bool is_running(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string pid, name, state;
  return file >> pid >> name >> state && state != "Z";
}

}  // namespace mm::orchestrator
