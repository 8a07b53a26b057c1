// Grows a rating neighbourhood above a ticket until the party sizes in it can fill all teams.
//
// A set of tickets is feasible exactly if everyone in it accepts its lowest and its highest rating. So for a floor
// rating, walk upwards, keep those who accept the floor and everything reached so far, and ask after each newcomer
// whether the sizes kept can fill the teams (fill.h). The first yes is the match of least spread above that floor.
// Of each size only as many are kept as a match could use.
//
// Mostly the match is near: then the walk goes along the line, ticket by ticket. Where it meets too many who are taken,
// or of a size that is not wanted (a crowd of one size), it begins anew on lists by size, which pass them over. Both
// find the same.
#pragma once

#include <vector>

#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/fill.h"
#include "services/matchmaker/core/islands.h"

namespace mm::matchmaker {

class Growth {
 public:
  Growth(const Format& format, const Line& line);

  /// The tickets among which to grow. `draft`, if given, hides those that are taken, also later on.
  void survey(Island island, const Draft* draft);

  /// The least set that fills the teams, holds `wanted`, and has no rating below that of `floor` (which stands at or
  /// before `wanted`). In the line's order; false if there is none.
  bool grow(Index floor, Index wanted, std::vector<Index>& found);

  /// Whether the surveyed tickets of [begin, end) could fill the teams if everyone accepted everyone; with one of
  /// size `must` among them, unless that is 0.
  bool sizes_suffice(Index begin, Index end, int must);

 private:
  enum class Found { yes, no, too_far };

  bool is_open(Index i) const { return draft_ == nullptr || draft_->is_free(i); }
  bool is_wanted(std::size_t size) const { return counts_[size] < fill_.most_of(static_cast<int>(size)); }
  void set_out(Index floor, Index wanted);
  Found look_near(Index floor, Index wanted);
  Found walk_along(Index floor, Index wanted);
  bool walk_by_size(Index floor, Index wanted);
  void list_by_size();
  void count_by_lists(Index begin, Index end);
  void seek(Index floor);
  Index next();
  Index next_of(std::size_t size);
  bool accepts(const Candidate& ticket) const;
  void keep(Index i);
  void rise_to(Rating rating);
  bool is_complete(Index wanted);
  void choose(std::vector<Index>& found);

  const Line& line_;
  Fill fill_;
  int players_wanted_;
  const Draft* draft_ = nullptr;
  Island island_{0, 0};
  int to_pass_ = 0;  ///< walks along the line that are not tried
  int passed_ = 0;

  bool listed_ = false;                      ///< whether what follows holds for this survey
  std::vector<std::vector<Index>> by_size_;  ///< places of the island's tickets of each size
  std::vector<std::size_t> sizes_;           ///< those that occur
  std::vector<std::size_t> start_;           ///< by size: where the last walk began

  // One walk.
  Rating floor_ = 0;               ///< nobody below it
  Rating top_ = 0;                 ///< the highest rating kept
  Rating limit_ = 0;               ///< the least `high` of those kept
  int players_ = 0;                ///< in the tickets kept
  std::vector<std::size_t> step_;  ///< by size: where it stands
  std::vector<Index> kept_;        ///< the first `kept_count_` of it
  std::size_t kept_count_ = 0;
  SizeCounts counts_;
  SizeCounts chosen_;
};

}  // namespace mm::matchmaker
