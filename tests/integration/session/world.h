// The fixture of the session tests: session with its own nats-server, Redis and PostgreSQL, a fake orchestrator, and a
// recorder of what is published on the bus.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/bus/server.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/event_recorder.h"
#include "common/testing/players.h"
#include "services/session/service.h"

namespace mm::session {

using testing::as_player;
using testing::as_server;
using testing::connect;
using testing::soon;

/// Allocates up to `capacity` servers, records the order of the requests, and remembers released matches.
class FakeOrchestrator {
 public:
  FakeOrchestrator(bus::Bus& bus, metrics::Registry& metrics, int capacity);

  void set_capacity(int capacity);
  std::vector<MatchId> requested() const;  ///< the match of each allocate request, in order
  std::vector<MatchId> allocated() const;  ///< first allocations, in order
  int releases_of(MatchId match) const;
  std::optional<AllocateServer> request_of(MatchId match) const;
  /// Calls `with` before each answer. If it returns a problem, that is the answer.
  void intercept(std::function<std::optional<Problem>(MatchId)> with);

 private:
  Reply<Allocation> allocate(const AllocateServer& request);
  Reply<Released> release(MatchId match);

  mutable std::mutex mutex_;
  int capacity_;
  std::vector<MatchId> requested_;
  std::vector<MatchId> allocated_;
  std::map<MatchId, Allocation> live_;
  std::map<MatchId, AllocateServer> requests_;
  std::map<MatchId, int> releases_;
  std::function<std::optional<Problem>(MatchId)> intercept_;
  bus::Server server_;
};

/// The servers and the recorder; one world is shared by all tests that do not disturb others.
struct World {
  static World& shared();

  /// Deletes every match.
  void clean();
  void set_connected(PlayerId player);

  testing::OwnNats nats;
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = connect(nats, metrics);
  testing::Database database{postgres};
  testing::EventRecorder published{*bus, {"match.*", "session.state_changed", "events.violation.*", "notify.*"}};
};

/// While it lives, the database refuses to write this state into the row of this match.
class RowRefused {
 public:
  RowRefused(World& world, MatchId match, const std::string& state);
  ~RowRefused();
  RowRefused(const RowRefused&) = delete;
  RowRefused& operator=(const RowRefused&) = delete;

 private:
  World& world_;
};

/// One running session.
class Instance : public testing::Daemon<Service> {
 public:
  /// `modes_file`: empty for the shipped modes.
  explicit Instance(const World& world, const Timing& timing = {}, const std::string& modes_file = "");
};

/// A match that was found now, of new players with a ticket each.
MatchFound fresh_match(std::vector<std::size_t> team_sizes = {1, 1});
std::vector<PlayerId> players_in(const MatchFound& found);
std::vector<TicketId> tickets_in(const MatchFound& found);

/// The requests and events that tests send to session.
class SessionTest : public ::testing::Test {
 protected:
  explicit SessionTest(World& world = World::shared()) : world_(world) { world_.clean(); }

  void publish(const MatchFound& found);
  Reply<MatchView> get(MatchId match, const Caller& caller = {});
  Reply<MatchView> get_live(PlayerId player);
  Reply<HeartbeatAnswer> send_heartbeat(MatchId match, ServerPhase phase = ServerPhase::running);
  Reply<HeartbeatAnswer> send_heartbeat_as(const Caller& caller, MatchId match);
  Reply<ResultAnswer> report(const ReportResult& result);
  Reply<ResultAnswer> report_as(const Caller& caller, const ReportResult& result);

  bool becomes(MatchId match, MatchStatus status);
  /// Publishes a match and waits until it has a server.
  MatchFound ready_match(std::vector<std::size_t> team_sizes = {1, 1});

  World& world_;
};

ReportResult result_of(const MatchFound& found, std::optional<int> winner);

}  // namespace mm::session
