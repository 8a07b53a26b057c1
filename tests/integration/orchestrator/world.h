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

#include "common/bus/bus.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/storage/postgres.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"
#include "services/orchestrator/service.h"
#include "tests/integration/orchestrator/http_stand_in.h"
#include "tests/integration/orchestrator/web_socket.h"

namespace mm::orchestrator {

inline Deadline soon() { return Deadline::after(Milliseconds{20'000}); }

/// Serves session.get with the status that the test sets for each match; other matches are unknown.
class SessionStandIn {
 public:
  SessionStandIn(bus::Bus& bus, metrics::Registry& metrics);
  void set_status(MatchId match, MatchStatus status);
  int requests_about(MatchId match) const;

 private:
  Reply<MatchView> get(MatchId match);

  mutable std::mutex mutex_;
  std::map<MatchId, MatchStatus> states_;
  std::map<MatchId, int> requests_;
  bus::Server server_;
};

/// Shared by all tests.
struct Servers {
  Servers();
  static Servers& shared();

  testing::OwnNats nats;
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus;
};

/// The user `test` has all rights.
std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics,
                                  const std::string& user = "test");

/// An orchestrator in this process. Its game servers outlive it.
class Instance {
 public:
  Instance(const Settings& settings, const testing::OwnNats& nats, const Timing& timing = {});
  bool ready() const { return health_.ready(); }
  double metric(const std::string& series) const;

 private:
  SystemClock clock_;
  metrics::Registry metrics_;
  runtime::Health health_;
  runtime::Credentials credentials_{testing::credentials_of("orchestrator")};
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Service> service_;
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

  Reply<Allocation> allocate(const Game& game);
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
  const std::string folder_;
  HttpStandIn gateway_;
  SessionStandIn session_;
  std::unique_ptr<Instance> orchestrator_;
};

bool is_running(pid_t process);

/// A command line that runs the program without the variables of the test run, which it would refuse.
std::vector<std::string> without_test_settings(const std::string& program);

/// The code of a refusal; none for a success.
template <class T>
std::optional<Code> refusal(const Reply<T>& reply) {
  if (reply) return std::nullopt;
  return reply.error().code;
}

}  // namespace mm::orchestrator
