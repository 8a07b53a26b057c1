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

#include "common/bus/bus.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/storage/postgres.h"
#include "common/storage/redis.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"
#include "services/session/service.h"

namespace mm::session {

inline Deadline soon() { return Deadline::after(Milliseconds{20'000}); }

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

/// Records everything published on match.*, session.state_changed, events.violation.* and notify.*, by subject.
class EventRecorder {
 public:
  explicit EventRecorder(bus::Bus& bus);

  std::vector<std::string> bodies(const std::string& subject) const;
  /// The events of type E about this match.
  template <class E>
  std::vector<E> about(MatchId match) const {
    std::vector<E> events;
    for (const auto& body : bodies(std::string(E::kSubject.text))) {
      auto event = wire::decode<E>(body, wire::Unknown::ignored, bus::Bus::kTrusted);
      if (event && event->match_id == match) events.push_back(*std::move(event));
    }
    return events;
  }
  template <class E>
  std::optional<E> wait_for(MatchId match) const {
    if (!testing::eventually([&] { return !about<E>(match).empty(); })) return std::nullopt;
    return about<E>(match).front();
  }
  /// The `data` of frames with this event to this player.
  std::vector<std::string> frames(PlayerId player, std::string_view event) const;
  std::optional<std::string> wait_for_frame(PlayerId player, std::string_view event) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> bodies_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
};

/// The servers, shared by tests that do not stop them.
struct World {
  World();
  static World& shared();

  /// Deletes every match.
  void clean();
  storage::Postgres database() const;
  void open_socket(PlayerId player);

  testing::OwnNats nats;
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<EventRecorder> events;
};

/// One session daemon, in this process.
class Instance {
 public:
  /// `modes_file`: empty for the built-in modes.
  explicit Instance(World& world, const Timing& timing = {}, const std::string& modes_file = "");
  double metric(const std::string& series) const;

 private:
  SystemClock clock_;
  metrics::Registry metrics_;
  runtime::Health health_;
  runtime::Credentials credentials_{testing::credentials_of("session")};
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Service> service_;
};

/// Connects as `user`; the user `test` has all rights.
std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics,
                                  const std::string& user = "test");

/// A match found now: teams of new players with one ticket each.
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

Caller player_caller(PlayerId player);
Caller server_caller(MatchId match);
ReportResult result_of(const MatchFound& found, std::optional<int> winner);

}  // namespace mm::session
