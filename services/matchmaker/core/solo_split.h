// The commonest split, made fast: 2 n solo players into two teams of n, trying every half that holds the first one
// (126 for 5 v 5).
//
// The players are cut in two groups; a half takes j from the lower group and n - j from the upper one. All sums of
// each group are worked out once; then a half's sum is one addition. All of that goes by vectors of 16 bytes, without a
// branch: eight halves at once where the players are near to each other, as they mostly are. One by one it takes three
// to four times as long (docs/MATCHING.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/core/rating.h"

namespace mm::matchmaker {

class SoloSplit {
 public:
  static constexpr int kMostPlayers = 16;

  /// `team_size` at most kMostPlayers / 2.
  explicit SoloSplit(int team_size);

  /// The least difference of the teams' sums. 2 * team_size ratings, rising.
  std::int64_t gap(std::span<const Rating> ratings);
  /// Who plays with ratings[0] in a split of least gap, as a bit mask; of those, the one with the least spread inside
  /// the teams; of those, the first one tried.
  std::uint32_t split(std::span<const Rating> ratings);

 private:
  static constexpr std::uint32_t kEight = 8;

  /// Eight halves: of one set of the lower group, with each of these sets of the upper one.
  struct Eight {
    std::uint32_t lower;  ///< among lowers_
    std::uint32_t upper;  ///< the first of them, among uppers_
  };
  /// How the halves come out for given players, in numbers as small as they allow.
  template <class Number>
  struct Trial {
    // For each set of a group and each player of it all bits set, or none: one after the other by player.
    std::vector<Number> in_lower;  ///< plays in the set
    std::vector<Number> in_upper;
    std::vector<Number> is_lowest;   ///< is the lowest of the team without the first player; by lower set
    std::vector<Number> is_highest;  ///< is the highest of the team without the last player; by upper set

    std::vector<Number> ratings;  ///< above the first one's
    Number total = 0;             ///< of these
    std::vector<Number> lower_sums, upper_sums, lows, highs;
    std::vector<Number> halves;  ///< all of them: the gap; then the spread, of those of least gap
  };

  void list_uppers(int taken);
  template <class Number>
  void prepare(Trial<Number>& trial) const;
  template <class Number>
  void set_out(std::span<const Rating> ratings, Trial<Number>& trial) const;
  template <class Number>
  Number least_gap(Trial<Number>& trial) const;
  template <class Number>
  std::uint32_t best(Trial<Number>& trial) const;
  template <class Use>
  auto in_smallest_numbers(std::span<const Rating> ratings, const Use& use);

  int team_size_;
  std::vector<std::uint32_t> lowers_;  ///< sets of the lower group with the first player, as bit masks
  std::vector<std::uint32_t> uppers_;  ///< sets of the upper group; those of so many players filled up to eights
  std::vector<Eight> eights_;          ///< in the order in which halves are tried
  Trial<std::int16_t> small_;
  Trial<std::int32_t> middle_;
  Trial<std::int64_t> large_;
};

}  // namespace mm::matchmaker
