// Who plays with whom, once it is known who plays: the most even teams of exactly team_size players.
//
// For two teams that means: least |P(A wins) - 1/2|, which is least |mu_A - mu_B|, because the deviations under the
// fraction are the same for every split; among equals the least difference in premades (the sum of the squared party
// sizes, so that one party of 5 weighs more than 3 + 2); then the least spread inside the teams; then the order of
// the units. Exact for up to kExactUnits tickets, by enumeration of the splits whose sizes fit. Above that:
// Karmarkar-Karp differencing, with a weight per player so large that sizes come out even, and a local search that
// swaps. More than two teams: dealt out like cards, then pairs of teams are split anew until none gets better.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/core/fill.h"
#include "services/matchmaker/core/halves.h"
#include "services/matchmaker/core/rating.h"
#include "services/matchmaker/core/solo_split.h"
#include "services/matchmaker/core/unit.h"

namespace mm::matchmaker {

class Splitter {
 public:
  static constexpr std::size_t kExactUnits = 16;

  Splitter(int teams, int team_size);

  /// The team of each unit, in the units' order; unit 0 plays in team 0. False if the sizes fit no teams.
  bool split(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  /// Only how far the strongest and the weakest team are apart (sums of ratings); -1 if the sizes fit no teams.
  std::int64_t gap(std::span<const Unit> units);

 private:
  struct Merit {
    std::int64_t gap;
    std::int64_t premade;
    std::int64_t spread;
    auto operator<=>(const Merit&) const = default;
  };

  bool split_exactly(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  bool is_solo_split(std::span<const Unit> units);
  void sum_up(std::span<const Unit> units);
  std::int64_t gap_of(std::uint32_t half) const;
  std::uint32_t best_half(std::span<const Unit> units);
  bool split_by_differencing(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  bool deal_out(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  void swap_while_it_helps(std::span<const Unit> units, std::vector<std::uint8_t>& team_of, int a, int b);
  bool split_pair_anew(std::span<const Unit> units, std::vector<std::uint8_t>& team_of, int a, int b);
  bool split_many(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);

  int teams_;
  int team_size_;
  Fill fill_;

  Halves halves_;
  // Of the units last summed up: the strength of every set of the first of them, and of the last ones. A half's is one
  // of each.
  std::size_t cut_ = 0;
  std::array<std::int64_t, 1 << (kExactUnits / 2)> lower_sums_{}, upper_sums_{};
  std::int64_t total_ = 0;

  SoloSplit solo_split_;
  std::vector<Rating> ratings_;
  std::vector<SizeCounts> team_counts_;
  std::vector<std::uint8_t> scratch_;
  std::vector<Unit> pair_units_;
};

}  // namespace mm::matchmaker
