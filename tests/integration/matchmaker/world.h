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

#include "common/bus/bus.h"
#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "common/contracts/reconcile.h"
#include "common/contracts/session.h"
#include "common/runtime/credentials.h"
#include "common/runtime/health.h"
#include "common/storage/redis.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"
#include "services/matchmaker/queue/request_store.h"
#include "services/matchmaker/service.h"
#include "services/matchmaker/queue/owner_store.h"

namespace mm::matchmaker {

inline Deadline soon() { return Deadline::after(Milliseconds{20'000}); }
inline TimePoint wall() { return SystemClock{}.now(); }

/// `test` may do everything.
std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics,
                                  const std::string& user = "test");

/// The session of the tests: knows each match that was found (`allocating`) unless it is deaf, and says of each what it
/// was told to say.
class SessionDouble {
 public:
  explicit SessionDouble(const testing::OwnNats& nats);

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
  std::unique_ptr<bus::Subscription> ear_;
  bus::Server server_;
};

/// Everything that was published, in order of arrival.
class Ear {
 public:
  explicit Ear(bus::Bus& bus);

  std::vector<MatchFound> found() const { return copy(found_); }
  std::vector<TicketClosed> closed() const { return copy(closed_); }
  std::vector<TicketRequeued> requeued() const { return copy(requeued_); }
  std::vector<QueueChanged> changed() const { return copy(changed_); }

  /// The first match.found with that ticket.
  std::optional<MatchFound> match_of(TicketId ticket) const;
  int times_found(MatchId match) const;
  int times_closed(TicketId ticket) const;
  /// What was sent to the sockets of this player.
  std::vector<std::string> frames_of(PlayerId player) const;

 private:
  template <class E>
  std::vector<E> copy(const std::vector<E>& events) const {
    const std::lock_guard lock(mutex_);
    return events;
  }
  template <class E>
  void listen(bus::Bus& bus, std::vector<E>& into);

  mutable std::mutex mutex_;
  std::vector<MatchFound> found_;
  std::vector<TicketClosed> closed_;
  std::vector<TicketRequeued> requeued_;
  std::vector<QueueChanged> changed_;
  std::map<std::string, std::vector<std::string>> frames_;  // by subject
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
};

/// One running matchmaker.
class Instance {
 public:
  Instance(const testing::OwnNats& nats, const Settings& settings, const std::string& name);
  ~Instance();

  double metric(const std::string& series) const;
  const runtime::Health& health() const { return health_; }
  /// As on SIGTERM.
  void stop();

 private:
  metrics::Registry metrics_;
  runtime::Health health_;
  runtime::Credentials credentials_{testing::credentials_of("matchmaker")};
  SystemClock clock_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Service> service_;
};

struct World {
  World();

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
  void open_socket(const Tenant& tenant, PlayerId player);
  /// A plain command to the queue.
  storage::RedisReply redis_command(storage::Arguments arguments);

  testing::OwnNats nats;
  testing::OwnRedis redis{testing::OwnRedis::Instance::queue};
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus;
  storage::Redis queue;
  RequestStore store;
  OwnerStore tick_store;
  std::unique_ptr<SessionDouble> session;
  std::unique_ptr<Ear> ear;
};

/// One world and one instance for all tests that leave them as they are.
World& shared();

/// A tenant no other test has.
Tenant fresh_tenant();
PlayerId fresh_player();
/// A version 7 identifier as somebody else would have issued it then. (Our own never go back.)
Uuid uuid_issued(TimePoint at);
TicketPlayer player_rated(double mmr);
Mode mode_named(const std::string& name);
Region region_named(const std::string& name);
Caller as_player(const Tenant& tenant, PlayerId player);

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
