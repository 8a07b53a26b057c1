// A platform under load for tests of outages: real nats-server, Redis and PostgreSQL as deployed, and each daemon in a
// process of its own. The test itself plays the players, who only queue, and the game servers, which only report
// results.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/own_file.h"

namespace mm::chaos {

/// Allocates a server for every match at once, and reports the result after `length`. A report that fails is repeated.
class FakeGameServers {
 public:
  FakeGameServers(const testing::OwnNats& nats, Milliseconds length);
  ~FakeGameServers();

  std::size_t allocated() const { return allocated_; }
  std::size_t reported() const { return reported_; }
  std::size_t over() const { return over_; }  ///< results that were refused because the match was over

 private:
  struct Game {
    SteadyPoint due;
    ReportResult result;
  };
  Reply<Allocation> allocate(const AllocateServer& request);
  void run();

  const Milliseconds length_;
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<bus::Bus> gateway_;
  std::atomic<std::size_t> allocated_ = 0;
  std::atomic<std::size_t> reported_ = 0;
  std::atomic<std::size_t> over_ = 0;
  std::mutex mutex_;
  std::map<MatchId, Allocation> allocations_;  // guarded by mutex_
  std::deque<Game> games_;                     // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<bus::Server> server_;
  std::vector<std::thread> threads_;
};

/// Queues players one by one at a set rate, who accept each other: two, or ten, make a match.
class Players {
 public:
  enum class Match { duel, five_against_five };
  /// `callers`: entries at the same time.
  explicit Players(const testing::OwnNats& nats, Match match = Match::duel, int callers = 4);
  ~Players();

  void set_rate(double pairs_per_second) { rate_ = pairs_per_second; }
  /// The tickets whose entry was acknowledged.
  std::set<TicketId> queued() const;
  std::size_t accepted() const;  ///< their number

 private:
  void run(int caller);

  const Match match_;
  const int callers_;
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::atomic<double> rate_ = 0;
  mutable std::mutex mutex_;
  std::set<TicketId> queued_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Counts the open matches: those that were found and are neither ready nor over.
class Watcher {
 public:
  explicit Watcher(bus::Bus& bus);

  std::size_t open() const;
  std::size_t found() const;
  std::size_t ready() const;
  std::size_t cancelled() const;
  /// When the first match after `since` was found, by the clock of its matchmaker; none: not yet.
  std::optional<TimePoint> first_found_after(TimePoint since) const;
  /// True if a match that was found after `since` has become ready.
  bool ready_of_later(TimePoint since) const;

 private:
  mutable std::mutex mutex_;
  std::map<MatchId, TimePoint> found_;
  std::set<TimePoint> found_at_;
  std::set<MatchId> settled_;
  std::size_t ready_ = 0;
  std::size_t cancelled_ = 0;
  TimePoint latest_ready_{};  ///< the newest time at which a match that is ready was found
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
};

class World {
 public:
  World();
  ~World();

  /// The number of events in the stream MATCH, by match.
  std::map<MatchId, int> events_per_match();
  std::int64_t live_matches();
  /// The acknowledged tickets of `players` that neither have played exactly one match nor are still queued, each with
  /// what became of it. A ticket of a cancelled match is queued again.
  std::map<TicketId, std::string> unaccounted_tickets();
  /// Starts one more matchmaker. It takes over the queues of `matchmaker` when that one is killed.
  void add_matchmaker() { others_.push_back(start("matchmaker", false)); }
  /// Kills the matchmaker and starts another one.
  void replace_matchmaker();

  testing::OwnNats nats;
  testing::OwnRedis queue{testing::OwnRedis::Instance::queue};
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres;
  testing::Database database{postgres};
  std::unique_ptr<testing::DaemonProcess> session;
  std::unique_ptr<testing::DaemonProcess> matchmaker;

 private:
  std::unique_ptr<testing::DaemonProcess> start(const std::string& name, bool with_postgres);

  testing::OwnFolder folder_;
  metrics::Registry metrics_;
  std::vector<std::unique_ptr<testing::DaemonProcess>> others_;

 public:
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<Watcher> watcher;
  std::unique_ptr<FakeGameServers> games;
  std::unique_ptr<Players> players;
};

std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, const std::string& user, metrics::Registry& metrics);

}  // namespace mm::chaos
