// Runs the simulation with a few seeds, and with every seed that has ever failed (kept_seeds.txt).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/simulation/platform/runner.h"

namespace mm::simulation {
namespace {

void expect_holds(std::uint64_t seed) {
  const auto plan = plan_of(seed);
  const auto outcome = run(plan);
  EXPECT_TRUE(outcome.holds) << outcome.error << '\n' << text_of(plan);
}

TEST(Simulation, EveryInvariantHoldsWithTheFirstSeeds) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) expect_holds(seed);
}

TEST(Simulation, EveryInvariantHoldsWithTheKeptSeeds) {
  const auto* source = std::getenv("MM_TEST_SOURCE_DIR");
  std::ifstream file(std::string(source != nullptr ? source : ".") + "/tests/simulation/platform/kept_seeds.txt");
  ASSERT_TRUE(file.is_open());
  int seeds = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    expect_holds(std::stoull(line));
    ++seeds;
  }
  EXPECT_GT(seeds, 0);
}

TEST(Simulation, ASeedIsTheSameEachTime) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto plan = plan_of(seed);
    const auto first = run(plan, true);
    const auto second = run(plan, true);
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_GT(first.steps, 0U);
  }
}

}  // namespace
}  // namespace mm::simulation
