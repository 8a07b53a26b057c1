#include "services/game_server/core/match_outcome.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace mm::game {
namespace {

constexpr double kUnrated = 1500;

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), as in Java's SplittableRandom.
std::uint64_t splitmix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

double mean(const std::vector<double>& ratings) {
  if (ratings.empty()) return kUnrated;
  return std::accumulate(ratings.begin(), ratings.end(), 0.0) / static_cast<double>(ratings.size());
}

}  // namespace

std::uint64_t random_bits(MatchId match, std::uint64_t stream) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, match.uuid().bytes.data(), 8);
  std::memcpy(&low, match.uuid().bytes.data() + 8, 8);
  return splitmix(splitmix(splitmix(high) ^ low) + stream * 0x9E3779B97F4A7C15ULL);
}

double random_fraction(MatchId match, std::uint64_t stream) {
  return static_cast<double>(random_bits(match, stream) >> 11) * 0x1.0p-53;
}

std::vector<double> win_probabilities(const std::vector<std::vector<double>>& ratings) {
  std::vector<double> strength;
  for (const auto& team : ratings) strength.push_back(mean(team));
  if (strength.empty()) return strength;
  // Relative to the strongest team, so that pow() does not overflow.
  const double best = *std::max_element(strength.begin(), strength.end());
  double sum = 0;
  for (auto& value : strength) sum += value = std::pow(10.0, (value - best) / 400.0);
  for (auto& value : strength) value /= sum;
  return strength;
}

int winner(MatchId match, std::size_t teams, const std::vector<std::vector<double>>& ratings) {
  auto known = ratings;
  known.resize(teams);
  const auto probability = win_probabilities(known);
  double left = random_fraction(match, 0);
  for (std::size_t i = 0; i + 1 < probability.size(); ++i) {
    if (left < probability[i]) return static_cast<int>(i);
    left -= probability[i];
  }
  return static_cast<int>(teams) - 1;
}

}  // namespace mm::game
