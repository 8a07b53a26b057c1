// The players of a population, drawn from a seed: their ratings, their parties, and where they live.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/contracts/modes.h"
#include "services/simulator/crowd/population.h"

namespace mm::simulator {

struct Player {
  double mmr = 0;
  double deviation = 0;
};

/// A party, or a single player: players who always queue together.
struct Unit {
  std::uint32_t first_player = 0;
  std::uint8_t size = 1;
  std::uint8_t region = 0;  ///< region in which its worst-connected member has the lowest latency
  std::uint8_t decile = 0;  ///< decile of its mean rating among all units; 0 is the lowest
  double rating = 0;        ///< mean rating of its members
};

class Crowd {
 public:
  Crowd(const Population& population, std::uint64_t seed);

  const std::vector<Unit>& units() const { return units_; }
  std::span<const Player> players_of(const Unit& unit) const {
    return {players_.data() + unit.first_player, unit.size};
  }
  std::size_t players() const { return players_.size(); }
  /// By region, the latency of its worst-connected member there, in ms; empty if there is only one region.
  std::span<const float> latencies_of(std::size_t unit) const {
    return regions_.size() < 2 ? std::span<const float>()
                               : std::span<const float>(latencies_.data() + unit * regions_.size(), regions_.size());
  }
  /// At least one region.
  const std::vector<Region>& regions() const { return regions_; }
  /// The nine ratings that separate the deciles.
  const std::vector<double>& decile_bounds() const { return decile_bounds_; }

 private:
  void sort_into_deciles();

  std::vector<Region> regions_;
  std::vector<Player> players_;
  std::vector<Unit> units_;
  std::vector<float> latencies_;
  std::vector<double> decile_bounds_;
};

}  // namespace mm::simulator
