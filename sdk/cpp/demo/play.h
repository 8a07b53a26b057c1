// The demo: a company of bots that form parties and play a few rounds of ranked 5 v 5.
#pragma once

#include <chrono>
#include <string>

namespace demo {

struct PlayOptions {
  std::string gateway_url;
  int rounds = 2;
  std::chrono::seconds time_limit{150};  ///< then it gives up and says what is missing
};

/// 0 when every round was played, rated and shown; else 1.
int play(const PlayOptions& options);

/// Registers `count` sample players, seed-001 and so on, with the password "sample-password". Those that are there
/// already are left alone.
int seed(const std::string& gateway_url, int count);

}  // namespace demo
