// The demo: 20 bots form parties and play a few rounds of ranked 5 v 5. Also registers sample players.
#pragma once

#include <chrono>
#include <string>

namespace demo {

struct PlayOptions {
  std::string gateway_url;
  int rounds = 2;
  std::chrono::seconds time_limit{150};  ///< after this time the demo fails and prints what is missing
};

/// Returns 0 if every round was played, rated and shown on the leaderboard, without a failed call; else 1.
int play(const PlayOptions& options);

/// Registers `count` sample players, seed-001 and so on, with the password "sample-password". Players that already
/// exist are not changed. Returns 0 if no registration failed for another reason; else 1.
int seed(const std::string& gateway_url, int count);

}  // namespace demo
