#include "tests/integration/orchestrator/world.h"

#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "common/security/jwt.h"
#include "common/security/secrets.h"

namespace mm::orchestrator {

FakeSession::FakeSession(bus::Bus& bus, metrics::Registry& metrics) : server_(bus, {.name = "session"}, metrics) {
  server_.serve<GetMatch>([this](const GetMatch& request, const bus::Context&) { return get(*request.match_id); });
  server_.start();
}

Reply<MatchView> FakeSession::get(MatchId match) {
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

void FakeSession::set_status(MatchId match, MatchStatus status) {
  const std::lock_guard lock(mutex_);
  states_[match] = status;
}

int FakeSession::requests_about(MatchId match) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(match);
  return found == requests_.end() ? 0 : found->second;
}

Servers& Servers::shared() {
  static Servers servers;
  return servers;
}

testing::Target WebSocket::target_of(const std::string& endpoint) {
  testing::Target target(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  target.receive_buffer = 4096;
  return target;
}

std::optional<std::string> WebSocket::receive() {
  const auto frame = socket_.read();
  if (frame.opcode != 1) return std::nullopt;
  return frame.payload;
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

OrchestratorTest::OrchestratorTest() : servers_(Servers::shared()), session_(*servers_.bus, servers_.metrics) {
  servers_.database.rows("TRUNCATE orchestrator.allocation");
}

OrchestratorTest::~OrchestratorTest() {
  orchestrator_.reset();
  end_game_servers();
}

Settings OrchestratorTest::settings() const {
  Settings settings;
  settings.postgres_url = servers_.postgres.url_as("orchestrator");
  settings.max_servers = 2;
  settings.game_seconds = 600;
  settings.game_server_program = testing::built_program("game_server");
  settings.gateway_url = gateway_.url();
  settings.runtime_dir = folder_;
  return settings;
}

void OrchestratorTest::start(const Settings& settings, const Timing& timing) {
  orchestrator_.reset();
  orchestrator_ = std::make_unique<Instance>(settings, servers_.nats, timing);
}

Reply<Allocation> OrchestratorTest::allocate(const Game& game, Milliseconds timeout) {
  return servers_.bus->request(game.request, Caller{}, Deadline::after(timeout));
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

bool is_running(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string pid, name, state;
  return file >> pid >> name >> state && state != "Z";
}

}  // namespace mm::orchestrator
