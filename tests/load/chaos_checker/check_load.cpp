// mm-check-load FOLDER LINES [SEED]: writes a clean run with about that many lines of history into a folder, and prints
// how long the checker takes to read and check it on one core.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "tests/unit/chaos_checker/generated_run.h"

namespace {

/// Measured: a match of a generated run has 33 lines of history, with what happens between matches.
constexpr int kLinesPerMatch = 33;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: mm-check-load FOLDER LINES [SEED]\n";
    return 2;
  }
  const std::string folder = argv[1];
  const int matches = std::max(1, std::atoi(argv[2]) / kLinesPerMatch);
  const auto seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  std::filesystem::create_directories(folder);
  mm::chaos::GeneratedRun({.seed = seed, .players = 2'000, .matches = matches}).make().write(folder);
  const auto begin = std::chrono::steady_clock::now();
  const auto checked = mm::chaos::check_folder(folder);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  std::cout << checked.text << checked.errors << "checked in " << spent.count() << " s\n";
  return checked.status;
}
