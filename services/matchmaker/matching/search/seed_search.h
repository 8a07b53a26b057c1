// Finds a match above a given ticket: takes tickets upwards in rating until their party sizes can fill all teams.
//
// A set of tickets is feasible exactly if each of them accepts the lowest and the highest rating in the set. So the
// search starts at a floor rating, walks upwards, keeps the tickets that accept the floor and every rating reached so
// far, and checks after each new ticket whether the kept sizes can fill the teams (team_filler.h). The first success is
// the match with the least spread above that floor. Of each size only as many tickets are kept as a match could use.
//
// Usually the match is near, and the walk goes along the list, ticket by ticket. If it passes too many tickets that are
// taken or of a size that is not needed (many neighbours of one size), it restarts on per-size lists, which skip them.
// Both walks find the same match.
#pragma once

#include <vector>

#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/search/islands.h"
#include "services/matchmaker/matching/teams/team_filler.h"

namespace mm::matching {

class SeedSearch {
 public:
  SeedSearch(const Format& format, const Candidates& candidates);

  /// Sets the island to search. Tickets that are taken in `draft`, if given, are skipped, even if they are taken later.
  void set_island(Island island, const DraftPlan* draft);

  /// Finds the set of least spread that fills the teams, contains `wanted`, and has no rating below that of `floor`
  /// (which is at or before `wanted` in the list). `found` receives it in list order. False if there is none.
  bool find(Index floor, Index wanted, std::vector<Index>& found);

  /// Whether the sizes of the island's free tickets in [begin, end) could fill the teams if every ticket accepted every
  /// other; with one of size `must` among them, unless `must` is 0.
  bool sizes_can_fill(Index begin, Index end, int must);

 private:
  enum class Found { yes, no, too_far };

  bool is_open(Index i) const { return draft_ == nullptr || draft_->is_free(i); }
  bool is_wanted(std::size_t size) const { return counts_[size] < fill_.max_of(static_cast<int>(size)); }
  void start(Index floor, Index wanted);
  Found find_near(Index floor, Index wanted);
  Found walk_along(Index floor, Index wanted);
  bool walk_by_size(Index floor, Index wanted);
  void list_by_size();
  void count_by_lists(Index begin, Index end);
  void find_starts(Index floor);
  Index next();
  Index next_of(std::size_t size);
  bool accepts(const Candidate& ticket) const;
  void keep(Index i);
  void rise_to(Rating rating);
  bool is_complete(Index wanted);
  void choose(std::vector<Index>& found);

  const Candidates& candidates_;
  TeamFiller fill_;
  int players_wanted_;
  const DraftPlan* draft_ = nullptr;
  Island island_{0, 0};
  int to_pass_ = 0;  ///< how many walks along the list to skip
  int passed_ = 0;

  bool listed_ = false;                      ///< whether the per-size lists below are valid for this island
  std::vector<std::vector<Index>> by_size_;  ///< indices of the island's tickets, by size
  std::vector<std::size_t> sizes_;           ///< the sizes that occur
  std::vector<std::size_t> start_;           ///< by size: where the last walk started

  // State of one walk.
  Rating floor_ = 0;               ///< the lowest rating allowed
  Rating top_ = 0;                 ///< the highest rating kept
  Rating limit_ = 0;               ///< the lowest `high` of the kept tickets
  int players_ = 0;                ///< number of players in the kept tickets
  std::vector<std::size_t> step_;  ///< by size: current position
  std::vector<Index> kept_;        ///< only the first `kept_count_` entries are valid
  std::size_t kept_count_ = 0;
  SizeCounts counts_;
  SizeCounts chosen_;
};

}  // namespace mm::matching
