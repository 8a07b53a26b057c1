// What all bots of a run share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/bots/calls.h"

namespace mm::chaos {

class Bot;

struct PlayableMode {
  std::string mode;
  std::vector<int> team_sizes;  ///< ascending, not empty
};

struct World {
  asio::io_context& io;
  History& history;
  Caller& caller;
  Pacer& requests;
  Pacer& connects;
  Schedule& schedule;
  Random& random;
  Stats& stats;
  std::string run;                                       ///< prefix of the players' names, different in each run
  std::function<void(const std::string& secret)> plant;  ///< stores a canary password for the checker
  std::vector<PlayableMode> modes;
  std::vector<std::unique_ptr<Bot>> bots;
  std::string latest_match;  ///< that any bot was told about
  bool draining = false;     ///< no new load: bots only end what they have begun
};

}  // namespace mm::chaos
