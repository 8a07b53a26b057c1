// What the players of a simulation asked for and which answers they got. The checks compare it with what the platform
// stored. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/simulation/engine/simulator.h"

namespace mm::simulation {

struct Ledger {
  std::set<std::string> invoked;                       ///< tickets of enqueues that were sent
  std::map<std::string, Nanoseconds> queued;           ///< tickets whose enqueue was answered with success
  std::set<std::string> cancelled;                     ///< tickets whose cancellation was answered with success
  std::set<std::string> too_late;                      ///< tickets whose cancellation was answered already_matched
  std::set<std::pair<std::string, std::string>> left;  ///< party and player: the departure was answered with success
  int losses = 0;  ///< how often Redis "queue" went back; what it had confirmed before may be undone
  std::map<std::pair<std::string, std::string>, int> joins;    ///< party and player: the number of join requests
  std::map<std::pair<std::string, std::string>, int> joining;  ///< the number of those without an answer yet
  std::map<std::string, std::string> reported;  ///< matches whose result was accepted, and the status in the answer
};

}  // namespace mm::simulation
