// The environment of the tests of matchmaker: a nats-server, two Redis servers, instances of the real Service, a fake
// session, and a recorder of the published events.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "common/contracts/queue_generation.h"
#include "common/contracts/reconcile.h"
#include "common/contracts/session.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/event_recorder.h"
#include "common/testing/players.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/queue/request_store.h"
#include "services/matchmaker/service.h"

namespace mm::matchmaker {

using testing::as_player;
using testing::connect;
using testing::fresh_player;
using testing::fresh_tenant;
using testing::soon;

inline TimePoint wall() { return SystemClock{}.now(); }

/// Answers session.reconcile, and holds the generation of the queue and the open matches as session does. A match has
/// the status `allocating` once its match.found was received, or another status if the test has set one with
/// set_status().
class FakeSession {
 public:
  explicit FakeSession(const testing::OwnNats& nats);

  /// While ignoring, it drops match.found, and learns of a match only when a request carries it.
  void set_ignoring_events(bool ignoring);
  /// While unavailable, it answers each session.reconcile with `unavailable`.
  void set_unavailable(bool unavailable);
  void set_status(MatchId match, MatchStatus status, std::vector<TicketId> requeue = {});
  int requests_about(MatchId match) const;

  /// Stores a match, as on match.found.
  void learn(const MatchFound& found);
  std::optional<QueueGeneration> generation() const;
  /// As after a restore of PostgreSQL.
  void set_generation(std::optional<QueueGeneration> generation);
  /// While it verifies nothing, it answers requests about the generation and the open matches with `unavailable`.
  void set_verifying(bool verifying);
  int listings() const;  ///< the number of requests for open matches

 private:
  Reply<MatchStates> reconcile(const ReconcileMatches& request);
  Reply<RecordedGeneration> record(const RecordGeneration& request);
  Reply<OpenMatches> open_matches(const ListOpenMatches& request);

  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  mutable std::mutex mutex_;
  bool ignoring_events_ = false;
  bool unavailable_ = false;
  bool verifying_ = true;
  int listings_ = 0;
  std::optional<QueueGeneration> generation_;
  TimePoint marked_at_;
  std::map<MatchId, MatchFound> rosters_;
  std::map<MatchId, MatchState> matches_;
  std::map<MatchId, int> requests_;
  std::unique_ptr<bus::Subscription> found_;
  bus::Server server_;
};

/// Records the events of matchmaker and the frames to players.
class Published : public testing::EventRecorder {
 public:
  explicit Published(bus::Bus& bus) : EventRecorder(bus, {"match.found", "ticket.*", "queue.*", "notify.*"}) {}

  /// The first match.found with that ticket.
  std::optional<MatchFound> match_of(TicketId ticket) const;
  int times_found(MatchId match) const { return static_cast<int>(about<MatchFound>(match).size()); }
  int times_closed(TicketId ticket) const;
};

/// One running matchmaker.
class Instance : public testing::Daemon<Service> {
 public:
  Instance(const testing::OwnNats& nats, const Settings& settings, const std::string& name)
      : Daemon(nats, settings, {name}) {}
};

struct World {
  /// `queue_arguments`: further arguments of the redis-server of the queue.
  explicit World(std::vector<std::string> queue_arguments = {})
      : redis(testing::OwnRedis::Instance::queue, std::move(queue_arguments)) {}

  /// A tick of 20 ms makes tests faster.
  Settings settings(int tick_ms = 20) const;
  std::unique_ptr<Instance> start(const std::string& name, int tick_ms = 20) const;

  template <class Req>
  Reply<typename Req::Answer> send(const Req& request, const Caller& caller = {}) {
    return bus->request(request, caller, soon());
  }
  template <class E>
  void publish(const E& event) {
    const auto stored = bus->store(event, new_uuid(wall()).to_string(), soon());
    ASSERT_TRUE(stored.ok()) << stored.error();
  }
  /// Makes a consumer that starts at the first event of the stream. Returns its name.
  std::string fresh_consumer(Stream stream, Subject subject);
  /// Marks the player as connected, so that frames are sent to this player.
  void set_connected(const Tenant& tenant, PlayerId player);
  /// What the queue says about its generation.
  GenerationRead generation();
  /// Runs a command on the Redis of the queue.
  storage::RedisReply redis_command(storage::Arguments arguments);

  testing::OwnNats nats;
  testing::OwnRedis redis;
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = connect(nats, metrics);
  storage::Redis queue{testing::redis_options(redis)};
  RequestStore store{queue, {}};
  OwnerStore owner_store{queue};
  GenerationStore generation_store{queue};
  FakeSession session{nats};
  Published published{*bus};
};

/// The world, with one instance, of all tests that do not disturb others.
World& shared();

/// A version 7 identifier with this time, which may be in the past. (new_uuid never goes back in time.)
Uuid uuid_issued(TimePoint at);
TicketPlayer player_rated(double mmr);
Mode mode_named(const std::string& name);
Region region_named(const std::string& name);

/// A request for `mode` with fresh players of these ratings, and a ticket id of its own.
Enqueue request_of(const Tenant& tenant, const std::string& mode, int team_size, const std::vector<double>& ratings);

/// The code of a refusal; internal_error for a success.
template <class T>
Code code_of(const Reply<T>& reply) {
  return reply ? Code::internal_error : reply.error().code;
}
template <class T>
std::string pointer_of(const Reply<T>& reply) {
  return reply || reply.error().errors.empty() ? "" : reply.error().errors.front().pointer;
}

}  // namespace mm::matchmaker
