// Reads a population from a TOML file, and finds the shipped populations. Only the .cpp file uses toml++.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "services/simulator/crowd/population.h"

namespace mm::simulator {

/// The errors in a file, each with its place: "club.toml:3:1: unknown key playrs; did you mean players?"
using FileProblems = std::vector<std::string>;

/// `name` is the population's name in tables; `file_name` is used in error texts.
Result<Population, FileProblems> parse_population(std::string_view toml, const std::string& name,
                                                  const std::string& file_name);
/// Takes a path, or the name of a shipped population.
Result<Population, FileProblems> load_population(const std::string& path_or_name);

/// The names of the shipped populations, smallest first.
std::vector<std::string> shipped_populations();

}  // namespace mm::simulator
