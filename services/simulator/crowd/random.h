// Random numbers that are the same on every machine: everything drawn in a simulation comes from one seed. (The
// distributions of <random> may differ between standard libraries.)
//
// The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). It has
// eight bytes of state, so each party of a crowd can have its own generator. Then the draws of one party do not depend
// on the others, and two sets of rules are compared with the same draws.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace mm::simulator {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// One of many independent generators of the same seed.
  Random(std::uint64_t seed, std::uint64_t stream) : state_(mix(mix(seed + kGamma) ^ (stream * kGamma + 1))) {}

  std::uint64_t next() { return mix(state_ += kGamma); }
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, n).
  std::size_t below(std::size_t n) {
    return std::min(n - 1, static_cast<std::size_t>(uniform() * static_cast<double>(n)));
  }
  double exponential(double mean) { return -mean * std::log1p(-uniform()); }
  /// Normal with mean 0 and standard deviation 1 (Box and Muller).
  double normal() {
    const double radius = std::sqrt(-2 * std::log1p(-uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  /// A whole number from 1, with this mean (1 or more).
  int geometric(double mean) {
    if (mean <= 1) return 1;
    const double draws = std::log1p(-uniform()) / std::log1p(-1 / mean);
    return 1 + static_cast<int>(std::min(draws, 1e6));
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9E37'79B9'7F4A'7C15ULL;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace mm::simulator
