// mm-chaos-bots: players that use every part of the API at a limited rate and write a history of what they did and saw.
#include <cstdio>

#include "tests/chaos/bots/crowd.h"

int main(int argc, char** argv) {
  constexpr int kExitUsage = 64;
  const auto options = mm::chaos::parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "%s\n%s", options.error().c_str(), mm::chaos::usage().c_str());
    return kExitUsage;
  }
  return mm::chaos::run_crowd(*options);
}
