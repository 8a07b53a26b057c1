// An orchestrator with its own nats-server and PostgreSQL, real game servers in a temporary folder, and stand-ins for
// the gateway and for session.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/bus/server.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/own_file.h"
#include "common/testing/players.h"
#include "common/testing/wait.h"
#include "services/orchestrator/service.h"
#include "tests/integration/orchestrator/fake_gateway.h"
#include "tests/integration/web_client/web_client.h"

namespace mm::orchestrator {

using testing::refusal;
using testing::soon;

/// Answers session.get with the status that the test has set with set_status(). Other matches are unknown.
class FakeSession {
 public:
  FakeSession(bus::Bus& bus, metrics::Registry& metrics);
  void set_status(MatchId match, MatchStatus status);
  int requests_about(MatchId match) const;

 private:
  Reply<MatchView> get(MatchId match);

  mutable std::mutex mutex_;
  std::map<MatchId, MatchStatus> states_;
  std::map<MatchId, int> requests_;
  bus::Server server_;
};

/// The servers, shared by all tests.
struct Servers {
  static Servers& shared();

  testing::OwnNats nats;
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = testing::connect(nats, metrics);
  testing::Database database{postgres};
};

/// One running orchestrator. Its game servers go on when it is destroyed.
class Instance : public testing::Daemon<Service> {
 public:
  Instance(const Settings& settings, const testing::OwnNats& nats, const Timing& timing = {})
      : Daemon(nats, settings, {"orchestrator-1"}, timing) {}
};

/// The WebSocket of a player on a game server, with a small buffer, so that the server soon notices a player who does
/// not read.
class WebSocket {
 public:
  /// Connects to `endpoint` (host:port) on this machine. status() is the status of the answer to the upgrade.
  WebSocket(const std::string& endpoint, const std::string& target) : socket_(target_of(endpoint), target) {}

  int status() const { return socket_.answer().status; }
  void send(std::string_view text) { socket_.send(text); }
  /// The next text frame; none if the socket was closed or nothing came within 15 s.
  std::optional<std::string> receive();
  /// Reads until the server closes. The code of its close frame; 0 if there is none.
  int wait_for_close() { return socket_.read_close(); }

 private:
  static testing::Target target_of(const std::string& endpoint);

  testing::WebSocket socket_;
};

/// A match to allocate, with the secrets that session sends.
struct Game {
  AllocateServer request;
  std::vector<PlayerId> players;

  MatchId id() const { return request.match_id; }
  std::string join_token(PlayerId player) const;
};
Game fresh_game(std::vector<std::size_t> team_sizes = {1, 1});

class OrchestratorTest : public ::testing::Test {
 protected:
  OrchestratorTest();
  ~OrchestratorTest() override;

  /// Settings with the folder of this test.
  Settings settings() const;
  void start(const Settings& settings, const Timing& timing = {});

  Reply<Allocation> allocate(const Game& game, Milliseconds timeout = Milliseconds{5'000});
  /// Repeats the request until it succeeds.
  std::optional<Allocation> allocate_at_last(const Game& game);
  Reply<Released> release(MatchId match);
  /// The requests of game servers to the gateway about this match.
  std::vector<HttpRequest> heartbeats(MatchId match) const;
  std::vector<HttpRequest> results(MatchId match) const;
  bool sends_heartbeat(MatchId match) const;

  /// The game servers with a pid file in the folder.
  std::map<ServerId, pid_t> game_servers() const;
  void end_game_servers();

  Servers& servers_;
  const testing::OwnFolder own_folder_;
  const std::string& folder_ = own_folder_.path();
  FakeGateway gateway_;
  FakeSession session_;
  std::unique_ptr<Instance> orchestrator_;
};

bool is_running(pid_t process);

}  // namespace mm::orchestrator
