// One simulation of the platform: servers, daemons, game servers and players, the faults of a plan, and the checks.
//
// After the faults everything is repaired and the players stop. Then the platform must come to rest: every ticket has
// ended, every match is over, nothing is held, and every event has arrived. Not thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "tests/simulation/platform/daemons.h"
#include "tests/simulation/platform/players.h"
#include "tests/simulation/platform/queue_checks.h"
#include "tests/simulation/platform/session_checks.h"

namespace mm::simulation {

class World {
 public:
  explicit World(const Plan& plan);

  /// Throws an exception if an invariant does not hold.
  void run();

  Servers& servers() { return servers_; }
  Simulator& simulator() { return simulator_; }
  std::size_t matches() const { return queue_checks_.matches().size(); }
  std::size_t tickets() const { return queue_checks_.tickets().size(); }

 private:
  void start();
  void inflict(const Fault& fault);
  /// Inflicts the faults that wait for this call of the present process.
  void called(std::string_view call);
  void inflict_on_server(const Fault& fault);
  void lose_queue(const std::map<std::string, Value>& copy);
  void heal();
  /// Waits until nothing is left to do. Throws Violation if that takes too long.
  void come_to_rest();
  /// What is left to do, or an empty text.
  std::string unrest();
  void check_end();
  void check_matches();
  void check_events();
  void check_newcomers();

  const Plan plan_;
  Simulator simulator_;
  Servers servers_;
  Ledger ledger_;
  QueueChecks queue_checks_;
  SessionChecks session_checks_;
  GameServers games_;
  Daemons daemons_;
  Players players_;
  std::vector<Fault> waiting_;  ///< faults whose call has not come yet
};

}  // namespace mm::simulation
