// The orchestrator and the game servers of the simulation. The orchestrator's table outlives its process, and release
// leaves a tombstone, as services/orchestrator/README.md says. Each hosted match sends heartbeats and reports a result,
// at times twice, late, void, or never. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "common/bus/bus.h"
#include "common/bus/server.h"
#include "tests/simulation/platform/ledger.h"
#include "tests/simulation/servers/servers.h"

namespace mm::simulation {

class GameServers {
 public:
  struct Row {
    ServerId server;
    bool released = false;
  };

  GameServers(Servers& servers, Ledger& ledger, int slots);

  /// Serves allocate and release in this process, which must be the present one.
  void serve(Process& process);
  /// From now on every match is played to its end without faults of the game server.
  void heal() { healed_ = true; }

  const std::map<MatchId, Row>& rows() const { return rows_; }

 private:
  Reply<Allocation> allocate(const AllocateServer& request);
  Reply<Released> release(MatchId match);
  void play(MatchId match);
  void report(MatchId match, const ReportResult& result);

  Servers& servers_;
  Ledger& ledger_;
  const int slots_;
  bool healed_ = false;
  Process& process_;  ///< of the game servers
  std::unique_ptr<bus::Bus> bus_;
  metrics::Registry metrics_;
  std::map<MatchId, Row> rows_;
  std::set<MatchId> hosted_;
  std::map<MatchId, decltype(ReportResult::duration_seconds)> results_;  ///< the accepted ones, which differ in this
};

}  // namespace mm::simulation
