// mm-demo: exercises the whole platform through the SDK.
//   mm-demo play [rounds]   20 bots: parties, queue, matches, game servers, ratings, leaderboard
//   mm-demo seed [count]    registers sample players
// The address of the gateway is read from MM_GATEWAY_URL (see make env).
#include <cstdio>
#include <cstdlib>
#include <string>

#include "demo/play.h"

int main(int argc, char** argv) {
  const char* gateway = std::getenv("MM_GATEWAY_URL");
  const std::string command = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (gateway == nullptr || (command != "play" && command != "seed") || argc > 3 || number < 0 || number > 1000) {
    std::fprintf(stderr, "usage: MM_GATEWAY_URL=http://127.0.0.1:8080 mm-demo play [rounds] | seed [count]\n");
    return 64;
  }
  if (command == "seed") return demo::seed(gateway, number > 0 ? number : 50);
  demo::PlayOptions options;
  options.gateway_url = gateway;
  if (number > 0) {
    options.rounds = number;
    options.time_limit = std::chrono::seconds(60 + 45 * number);
  }
  return demo::play(options);
}
