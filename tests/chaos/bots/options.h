// The options of mm-chaos-bots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "services/game_server/core/gateway_address.h"

namespace mm::chaos {

struct Options {
  std::vector<game::GatewayAddress> gateways;
  int players = 100;
  double rate = 50;  ///< requests a second, all bots together; also how fast bots log in at the start
  int seconds = 60;  ///< of load, from the start
  int drain = 120;   ///< the longest time in seconds that the end of tickets and matches is waited for
  std::uint64_t seed = 1;
  std::string history;             ///< file
  std::string canaries;            ///< file
  std::vector<std::string> modes;  ///< empty: all that the gateway serves
};

std::string usage();

/// The options in the arguments of a program, without its name; or what is wrong with them.
Result<Options, std::string> parse_options(const std::vector<std::string>& arguments);

}  // namespace mm::chaos
