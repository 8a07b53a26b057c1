// The matches of a tick while the planner still chooses: disjoint sets of tickets that can be dissolved again.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "services/matchmaker/matching/search/candidates.h"

namespace mm::matching {

/// What a match adds to the sum that the planner maximises.
struct Utility {
  double quality = 0;
  double bonus = 0;      ///< for the wait of its players
  bool is_exact = true;  ///< false: computed for even teams; teams of many players nearly are
  double total() const { return quality + bonus; }
};

class DraftPlan {
 public:
  using MatchIndex = std::uint32_t;
  static constexpr MatchIndex kNone = 0xFFFF'FFFF;

  void reset(std::size_t tickets) {
    match_of_.assign(tickets, kNone);
    matches_.clear();
    members_.clear();
  }

  /// Adds a match. The tickets must be free and in list order.
  MatchIndex add(std::span<const Index> tickets, Utility utility) {
    const auto match = static_cast<MatchIndex>(matches_.size());
    matches_.push_back(
        {static_cast<std::uint32_t>(members_.size()), static_cast<std::uint32_t>(tickets.size()), utility});
    members_.insert(members_.end(), tickets.begin(), tickets.end());
    for (const Index i : tickets) match_of_[i] = match;
    return match;
  }
  /// Adds a match of the `count` neighbours from `first` on.
  MatchIndex add_run(Index first, Index count, Utility utility) {
    const auto match = static_cast<MatchIndex>(matches_.size());
    const auto begin = static_cast<std::uint32_t>(members_.size());
    matches_.push_back({begin, count, utility});
    members_.resize(begin + count);
    for (Index i = 0; i < count; ++i) {
      members_[begin + i] = first + i;
      match_of_[first + i] = match;
    }
    return match;
  }
  void dissolve(MatchIndex match) {
    for (const Index i : members(match)) match_of_[i] = kNone;
    matches_[match].count = 0;
  }

  bool is_free(Index ticket) const { return match_of_[ticket] == kNone; }
  MatchIndex match_of(Index ticket) const { return match_of_[ticket]; }
  std::span<const Index> members(MatchIndex match) const {
    return {members_.data() + matches_[match].first, matches_[match].count};
  }
  const Utility& utility(MatchIndex match) const { return matches_[match].utility; }
  void set_utility(MatchIndex match, Utility utility) { matches_[match].utility = utility; }

  /// All matches that are not dissolved, in the order of their first tickets.
  std::vector<MatchIndex> matches() const {
    std::vector<MatchIndex> all;
    all.reserve(matches_.size());
    for (Index i = 0; i < match_of_.size(); ++i) {
      if (!is_free(i) && members_[matches_[match_of_[i]].first] == i) all.push_back(match_of_[i]);
    }
    return all;
  }

 private:
  struct Match {
    std::uint32_t first;
    std::uint32_t count;
    Utility utility;
  };
  std::vector<MatchIndex> match_of_;
  std::vector<Match> matches_;
  std::vector<Index> members_;
};

}  // namespace mm::matching
