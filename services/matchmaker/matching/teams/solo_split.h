// Splits 2 n solo players into two teams of n, by trying every half that contains the first player (126 for 5 v 5).
// This is the most frequent split, so it is optimised.
//
// The players are divided into two groups. A half takes j players from the lower group and n - j from the upper one.
// The sums of all subsets of each group are computed once; the sum of a half is then one addition. The loops use
// 16-byte vectors and no branches: eight halves at a time if the ratings are close to each other, as they usually are.
// Trying the halves one by one takes three to four times as long (docs/MATCHING.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/matching/ticket/rating.h"

namespace mm::matching {

class SoloSplit {
 public:
  static constexpr int kMaxPlayers = 16;

  /// `team_size` must be at most kMaxPlayers / 2.
  explicit SoloSplit(int team_size);

  /// The least difference of the teams' rating sums. Takes 2 * team_size ratings in rising order.
  std::int64_t gap(std::span<const Rating> ratings);
  /// The team of ratings[0] in a split of least difference, as a bit mask; of equals, the split with the least spread
  /// inside the teams; of equals, the first one tried.
  std::uint32_t split(std::span<const Rating> ratings);

 private:
  static constexpr std::uint32_t kEight = 8;

  /// Eight halves: one subset of the lower group, combined with eight subsets of the upper group.
  struct Eight {
    std::uint32_t lower;  ///< index in lowers_
    std::uint32_t upper;  ///< index of the first of the eight in uppers_
  };
  /// Scratch memory and tables for one number type; the smallest type that holds the given ratings is used.
  template <class Number>
  struct Trial {
    // Masks (all bits set, or 0) for each subset of a group and each player of it, in one row per player.
    std::vector<Number> in_lower;  ///< the player is in the subset
    std::vector<Number> in_upper;
    std::vector<Number> is_lowest;   ///< the player is the lowest of the team without the first player; by lower subset
    std::vector<Number> is_highest;  ///< the player is the highest of the team without the last player; by upper subset

    std::vector<Number> ratings;  ///< relative to the lowest rating
    Number total = 0;             ///< sum of `ratings`
    std::vector<Number> lower_sums, upper_sums, lows, highs;
    std::vector<Number> halves;  ///< by half: its difference; later, for those of least difference, its spread
  };

  void list_uppers(int taken);
  template <class Number>
  void prepare(Trial<Number>& trial) const;
  template <class Number>
  void load_ratings(std::span<const Rating> ratings, Trial<Number>& trial) const;
  template <class Number>
  Number least_gap(Trial<Number>& trial) const;
  template <class Number>
  std::uint32_t best(Trial<Number>& trial) const;
  template <class Use>
  auto in_smallest_numbers(std::span<const Rating> ratings, const Use& use);

  int team_size_;
  std::vector<std::uint32_t> lowers_;  ///< subsets of the lower group that contain the first player, as bit masks
  std::vector<std::uint32_t> uppers_;  ///< subsets of the upper group, by size; each size is padded to eights
  std::vector<Eight> eights_;          ///< in the order in which the halves are tried
  Trial<std::int16_t> small_;
  Trial<std::int32_t> middle_;
  Trial<std::int64_t> large_;
};

}  // namespace mm::matching
