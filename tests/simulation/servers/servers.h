// The simulated servers and the network between them and the simulated processes. The classes in links/ reach them
// through Servers::current(). Not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/engine/simulator.h"
#include "tests/simulation/servers/event_server.h"
#include "tests/simulation/servers/profile_tables.h"
#include "tests/simulation/servers/redis_server.h"
#include "tests/simulation/servers/session_tables.h"

namespace mm::simulation {

/// Probabilities of faults of single messages.
struct MessageFaults {
  double redis_lost = 0;        ///< the connection breaks before the server reads the commands
  double redis_reply_lost = 0;  ///< the commands run, and the connection breaks
  double redis_late = 0;        ///< the commands run up to 12 s later
  double request_lost = 0;      ///< of requests between daemons
  double request_late = 0;
  double request_twice = 0;
  double reply_lost = 0;
  double event_lost = 0;           ///< the stream does not store the event; the publisher gets an error
  double event_ack_lost = 0;       ///< the stream stores the event; the publisher gets an error
  double event_again = 0;          ///< the event is delivered again although it was acknowledged
  double event_late = 0;           ///< the event is delivered up to 8 s later, after later ones
  double database_refuses = 0;     ///< the transaction has no effect
  double database_reply_lost = 0;  ///< the reply to the commit is lost; the commit may have happened
};

/// What happens to a pipeline of commands.
enum class Passage { passes, lost, reply_lost, late };

/// A Redis server with its state of operation.
struct RedisNode {
  explicit RedisNode(Simulator& simulator);
  RedisServer server;
  bool up = true;
  bool paused = false;
  Milliseconds clock_offset{0};
  std::uint64_t starts = 0;  ///< a connection of an earlier start is broken
  std::vector<std::function<void()>> held;
  /// Called before each command; decides the fate of directed tests' commands. Null: chance decides.
  std::function<std::pair<Passage, Milliseconds>(const Process&, const std::vector<storage::RedisCommand>&)> intercept;
  /// Called after each command that a server has run.
  std::function<void(const storage::RedisCommand&, const storage::RedisReply&)> ran;
};

struct Database {
  bool up = true;
  SessionTables session;
  ProfileTables profile;
  std::function<std::string()> committed;  ///< called after each transaction; returns an invariant that does not hold
};

/// What happened, for the report of a failure. A hash of all lines tells whether two runs are equal.
class Trace {
 public:
  explicit Trace(const Simulator& simulator) : simulator_(simulator) {}
  void add(const std::string& text);
  const std::vector<std::string>& lines() const { return lines_; }
  std::uint64_t hash() const { return hash_; }
  bool kept = false;  ///< false: only the hash is computed

 private:
  const Simulator& simulator_;
  std::vector<std::string> lines_;
  std::uint64_t hash_ = 14695981039346656037ULL;
};

class Servers {
 public:
  explicit Servers(Simulator& simulator);
  ~Servers();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;
  /// The servers of the simulation that runs. Aborts if there are none.
  static Servers& current();

  Simulator& simulator;
  RedisNode queue;
  RedisNode cache;
  EventServer events;
  Database database;
  MessageFaults faults;
  Trace trace;

  /// A delay of the network: mostly 50 to 500 microseconds, at times some milliseconds.
  Nanoseconds delay();
  /// Stops and starts Redis: every connection breaks. It loses nothing, because every write is synchronised; a caller
  /// that wants a loss loads other values.
  void restart(RedisNode& node, Milliseconds pause);
  void pause(RedisNode& node);
  void resume(RedisNode& node);

  enum class Committed { yes, no, unknown };
  /// Waits as a transaction does and runs `work`, unless a fault prevents it.
  Committed transaction(Deadline deadline, const std::function<void(TimePoint now)>& work);
};

/// The time point of the simulation at which the deadline passes.
Nanoseconds elapsed_at(const Simulator& simulator, Deadline deadline);

}  // namespace mm::simulation
