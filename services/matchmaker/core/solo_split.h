// The commonest split, made fast: 2 n solo players into two teams of n, trying every half that holds the first one
// (126 for 5 v 5).
//
// The players are cut in two groups; a half takes j from the lower group and n - j from the upper one. All sums of
// each group, listed by how many they take, are worked out once; then a half's sum is one addition, and the least gap
// over all of them a loop without branches.
#pragma once

#include <array>
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
  /// Halves are named by the sums they are made of, `lower` and `upper`, and these by their players.
  struct Group {
    std::vector<std::uint32_t> members;  ///< bit masks, those with fewest players first
    std::vector<std::uint32_t> first;    ///< by number of players: where they begin; one more at the end
  };
  template <class Sum>
  struct Sums {
    std::vector<Sum> lower, upper, scratch;
    std::vector<Sum> least;  ///< by set of the lower group: the least gap of the halves that take it
    std::vector<Sum> highs;  ///< by set of the upper group: the highest taken plus the highest left
  };

  static Group group(int players, bool with_first);
  template <class Sum>
  Sum least_gap(std::span<const Rating> ratings, Sums<Sum>& sums);
  template <class Sum>
  std::uint32_t best(std::span<const Rating> ratings, Sums<Sum>& sums);
  bool is_narrow(std::span<const Rating> ratings) const;

  int team_size_;
  Group lower_, upper_;
  Sums<std::int32_t> narrow_;
  Sums<std::int64_t> wide_;
};

}  // namespace mm::matchmaker
