// Runs the simulation with many seeds (`make simulate SEEDS=… FROM=…`). Prints the seeds that violate an invariant,
// with the shortest plan and trace that it finds, and the speed.
//
//   simulate SEEDS [FROM]     SEEDS seeds from FROM on (1); exit status 1 if an invariant does not hold
//   simulate --trace SEED     one seed, with everything that happened
//   simulate --find TEXT SEEDS [FROM]
//                             stops at the first violation whose text begins with TEXT; exit status 1 if there is none
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/platform/runner.h"

namespace mm::simulation {
namespace {

/// After this many violations the program stops, because they have often one cause.
constexpr int kMostViolations = 5;

int show(std::uint64_t seed) {
  const auto plan = plan_of(seed);
  const auto outcome = run(plan, true);
  std::printf("%s%s", outcome.trace.c_str(), text_of(plan).c_str());
  std::printf("%s\n", outcome.holds ? "every invariant holds" : outcome.error.c_str());
  return outcome.holds ? 0 : 1;
}

void report(const Plan& plan, const Outcome& outcome) {
  std::printf("VIOLATION %s\n%s", outcome.error.c_str(), text_of(plan).c_str());
  const auto shorter = shortened(plan);
  const auto again = run(shorter, true);
  std::printf("shortest failing plan found: %s\n%s", again.error.c_str(), text_of(shorter).c_str());
  constexpr std::size_t kShown = 6'000;
  const auto& trace = again.trace;
  std::printf("end of its trace:\n%s\n", trace.substr(trace.size() > kShown ? trace.size() - kShown : 0).c_str());
  std::fflush(stdout);
}

int simulate(std::uint64_t seeds, std::uint64_t from) {
  const auto started = std::chrono::steady_clock::now();
  int violations = 0;
  std::size_t matches = 0;
  std::size_t tickets = 0;
  std::uint64_t steps = 0;
  std::uint64_t done = 0;
  for (; done < seeds && violations < kMostViolations; ++done) {
    const auto plan = plan_of(from + done);
    const auto outcome = run(plan);
    matches += outcome.matches;
    tickets += outcome.tickets;
    steps += outcome.steps;
    if (outcome.holds) continue;
    ++violations;
    report(plan, outcome);
  }
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf("%llu seeds from %llu in %.1f s (%.0f a minute): %zu tickets, %zu matches, %llu steps, %d violations\n",
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(from), seconds,
              static_cast<double>(done) * 60 / seconds, tickets, matches, static_cast<unsigned long long>(steps),
              violations);
  return violations == 0 ? 0 : 1;
}

int find(const std::string& text, std::uint64_t seeds, std::uint64_t from) {
  std::uint64_t others = 0;
  for (std::uint64_t done = 0; done < seeds; ++done) {
    const auto outcome = run(plan_of(from + done));
    if (outcome.error.starts_with(text)) {
      std::printf("found after %llu seeds, with seed %llu: %s\n", static_cast<unsigned long long>(done + 1),
                  static_cast<unsigned long long>(from + done), outcome.error.c_str());
      return 0;
    }
    others += outcome.holds ? 0 : 1;
  }
  std::printf("not found in %llu seeds; %llu had other violations\n", static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(others));
  return 1;
}

}  // namespace
}  // namespace mm::simulation

int main(int argc, char** argv) {
  const auto number = [&](int index, std::uint64_t fallback) {
    return index < argc ? std::strtoull(argv[index], nullptr, 10) : fallback;
  };
  if (argc == 3 && std::strcmp(argv[1], "--trace") == 0) return mm::simulation::show(number(2, 1));
  if (argc >= 4 && argc <= 5 && std::strcmp(argv[1], "--find") == 0)
    return mm::simulation::find(argv[2], number(3, 1), number(4, 1));
  if (argc < 2 || argc > 3 || number(1, 0) == 0) {
    std::fputs("usage: simulate SEEDS [FROM] | simulate --trace SEED | simulate --find TEXT SEEDS [FROM]\n", stderr);
    return 64;
  }
  return mm::simulation::simulate(number(1, 0), number(2, 1));
}
