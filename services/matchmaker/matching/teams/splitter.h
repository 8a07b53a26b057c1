// Splits the tickets of a match into the most even teams of exactly team_size players.
//
// Two teams: the split minimises |P(A wins) - 1/2|, which is the same as minimising |mu_A - mu_B|, because the
// deviations in the denominator are the same for every split. Among equals it minimises the difference in premades (the
// sums of the squared party sizes, so that one party of 5 weighs more than 3 + 2), then the spread inside the teams,
// then the order of the units decides. The result is exact for up to kExactUnits tickets, by enumeration of the splits
// whose sizes fit. Above that: Karmarkar-Karp differencing, with a weight per player so large that the sizes come out
// even, and a local search that swaps tickets. More than two teams: the tickets are dealt out, then pairs of teams are
// split again until no pair gets better.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/matching/teams/halves.h"
#include "services/matchmaker/matching/teams/solo_split.h"
#include "services/matchmaker/matching/teams/team_filler.h"
#include "services/matchmaker/matching/teams/unit.h"
#include "services/matchmaker/matching/ticket/rating.h"

namespace mm::matching {

class Splitter {
 public:
  static constexpr std::size_t kExactUnits = 16;

  Splitter(int teams, int team_size);

  /// Computes the team of each unit, in the units' order; unit 0 is in team 0. False if the sizes cannot fill the
  /// teams.
  bool split(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  /// Computes only the difference of the strongest and the weakest team (rating sums); -1 if the sizes cannot fill the
  /// teams.
  std::int64_t gap(std::span<const Unit> units);

 private:
  struct Imbalance {
    std::int64_t gap;
    std::int64_t premade;
    std::int64_t spread;
    auto operator<=>(const Imbalance&) const = default;
  };

  bool split_exactly(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  bool is_solo_split(std::span<const Unit> units);
  void compute_sums(std::span<const Unit> units);
  std::int64_t gap_of(std::uint32_t half) const;
  std::uint32_t best_half(std::span<const Unit> units);
  bool split_by_differencing(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  bool deal_out(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);
  void swap_while_it_helps(std::span<const Unit> units, std::vector<std::uint8_t>& team_of, int a, int b);
  bool resplit_pair(std::span<const Unit> units, std::vector<std::uint8_t>& team_of, int a, int b);
  bool split_many(std::span<const Unit> units, std::vector<std::uint8_t>& team_of);

  int teams_;
  int team_size_;
  TeamFiller fill_;

  Halves halves_;
  // For the units of the last compute_sums(): the strength of every subset of the first `cut_` units, and of the
  // others. The strength of a half is the sum of one entry of each.
  std::size_t cut_ = 0;
  std::array<std::int64_t, 1 << (kExactUnits / 2)> lower_sums_{}, upper_sums_{};
  std::int64_t total_ = 0;

  SoloSplit solo_split_;
  std::vector<Rating> ratings_;
  std::vector<SizeCounts> team_counts_;
  std::vector<std::uint8_t> scratch_;
  std::vector<Unit> pair_units_;
};

}  // namespace mm::matching
