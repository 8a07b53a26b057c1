// What happens in one simulation: the size of the platform, the faults with their times, and the rates of faults of
// single messages. Everything follows from the seed. Faults can be left out to find a shorter failing plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/simulation/servers/servers.h"

namespace mm::simulation {

enum class FaultKind {
  kill,             ///< kill -9 of a daemon; another instance starts after `lasts`
  stop,             ///< SIGTERM of a daemon; another instance starts after `lasts`
  pause,            ///< SIGSTOP of a daemon, SIGCONT after `lasts`
  cut_queue,        ///< a daemon does not reach Redis "queue"
  cut_bus,          ///< a daemon does not reach NATS
  cut_database,     ///< a daemon does not reach PostgreSQL
  restart_queue,    ///< Redis "queue" is killed and starts again after `lasts`
  pause_queue,      ///< Redis "queue" is stopped and continued
  jump_clock,       ///< the wall clock of Redis "queue" jumps by `jump`
  stop_database,    ///< PostgreSQL is away
  restart_bus,      ///< nats-server is killed and starts again
  lose_stream_end,  ///< the same, and a power loss takes the end of the streams
  lose_queue,       ///< Redis "queue" starts after `lasts` with its state at `at`; `lost` is 1: with nothing
};

enum class DaemonKind { matchmaker, session, profile, lobby, orchestrator };

struct Fault {
  FaultKind kind = FaultKind::kill;
  Milliseconds at{0};
  Milliseconds lasts{0};
  DaemonKind daemon = DaemonKind::matchmaker;
  int instance = 0;  ///< of the daemon
  Milliseconds jump{0};
  double lost = 0;   ///< of the unsynchronised events
  std::string call;  ///< kill and pause: wait for the next call of this name (servers/boundary.h); empty: at once

  std::string text() const;
};

struct Plan {
  std::uint64_t seed = 0;
  int matchmakers = 2;
  int sessions = 1;
  int players = 8;
  int servers = 4;  ///< matches that can be played at the same time
  Milliseconds faulty_time{20'000};
  std::vector<Fault> faults;
  MessageFaults rates;
};

/// The plan of a seed.
Plan plan_of(std::uint64_t seed);
/// Lines that describe the plan.
std::string text_of(const Plan& plan);

}  // namespace mm::simulation
