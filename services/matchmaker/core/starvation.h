// Nobody starves: what a tick's best set of matches passes over again and again is matched first in the next.
#pragma once

#include <optional>
#include <vector>

#include "services/matchmaker/core/appraise.h"
#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/growth.h"

namespace mm::matchmaker {

/// Finds matches for a given ticket among those a survey offers.
class Finder {
 public:
  Finder(const Format& format, const Line& line) : format_(format), line_(line), growth_(format, line) {}

  /// See Growth::survey.
  void survey(Island island, const Draft* draft);

  /// Both look from so many floors at most; with kAllFloors the answer is exact.
  static constexpr Index kAllFloors = kNobody;
  /// Whether any match holds this ticket.
  bool exists_for(Index ticket, Index most_floors);
  /// The match of highest utility that holds it, of those with the least spread above each floor.
  bool best_for(Index ticket, Index most_floors, Appraiser& appraiser, std::vector<Index>& best);

 private:
  template <class Visit>
  void each_floor(Index ticket, Index most_floors, Visit&& visit);
  bool sizes_suffice(Index ticket);

  const Format& format_;
  const Line& line_;
  Growth growth_;
  Island island_{0, 0};
  std::vector<Index> found_;
};

}  // namespace mm::matchmaker
