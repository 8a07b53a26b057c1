// What the tests of matchmaker share: a nats-server, a Redis, instances of the real Service, a session that says what a
// test wants, and an ear on everything that is published.
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
#include "common/contracts/reconcile.h"
#include "common/contracts/session.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/event_recorder.h"
#include "common/testing/players.h"
#include "services/matchmaker/queue/request_store.h"
#include "services/matchmaker/service.h"
#include "services/matchmaker/queue/owner_store.h"

namespace mm::matchmaker {

using testing::as_player;
using testing::connect;
using testing::fresh_player;
using testing::fresh_tenant;
using testing::soon;

inline TimePoint wall() { return SystemClock{}.now(); }

/// The session of the tests: knows each match that was found (`allocating`) unless it is deaf, and says of each what it
/// was told to say.
class FakeSession {
 public:
  explicit FakeSession(const testing::OwnNats& nats);

  /// Deaf: it learns of matches only by questions that carry them.
  void set_deaf(bool deaf);
  /// Away: it answers no question.
  void set_away(bool away);
  void say(MatchId match, MatchStatus status, std::vector<TicketId> requeue = {});
  int asked(MatchId match) const;

 private:
  Reply<MatchStandings> reconcile(const ReconcileMatches& request);

  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  mutable std::mutex mutex_;
  bool deaf_ = false;
  bool away_ = false;
  std::map<MatchId, MatchStanding> matches_;
  std::map<MatchId, int> asked_;
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
  /// `tick_ms` 20: tests wait less.
  Settings settings(int tick_ms = 20) const;
  std::unique_ptr<Instance> start(const std::string& name, int tick_ms = 20) const;

  template <class Req>
  Reply<typename Req::Answer> ask(const Req& request, const Caller& caller = {}) {
    return bus->request(request, caller, soon());
  }
  template <class E>
  void publish(const E& event) {
    const auto stored = bus->store(event, new_uuid(wall()).to_string(), soon());
    ASSERT_TRUE(stored.ok()) << stored.error();
  }
  /// A new consumer of the stream, from its first event on; its name.
  std::string fresh_consumer(Stream stream, Subject subject);
  /// From now on frames are sent to this player.
  void set_connected(const Tenant& tenant, PlayerId player);
  /// A plain command to the queue.
  storage::RedisReply redis_command(storage::Arguments arguments);

  testing::OwnNats nats;
  testing::OwnRedis redis{testing::OwnRedis::Instance::queue};
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = connect(nats, metrics);
  storage::Redis queue{testing::redis_options(redis)};
  RequestStore store{queue, {}};
  OwnerStore tick_store{queue};
  FakeSession session{nats};
  Published published{*bus};
};

/// One world and one instance for all tests that leave them as they are.
World& shared();

/// A version 7 identifier as somebody else would have issued it then. (Our own never go back.)
Uuid uuid_issued(TimePoint at);
TicketPlayer player_rated(double mmr);
Mode mode_named(const std::string& name);
Region region_named(const std::string& name);

/// A request for `mode` with fresh players of these ratings, and a ticket id of its own.
Enqueue request_of(const Tenant& tenant, const std::string& mode, int team_size, const std::vector<double>& ratings);

/// Whose `code` it is; internal_error for a success.
template <class T>
Code code_of(const Reply<T>& reply) {
  return reply ? Code::internal_error : reply.error().code;
}
template <class T>
std::string pointer_of(const Reply<T>& reply) {
  return reply || reply.error().errors.empty() ? "" : reply.error().errors.front().pointer;
}

}  // namespace mm::matchmaker
