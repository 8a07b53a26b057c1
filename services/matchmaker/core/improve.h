// Local search: takes a neighbourhood of the draft apart and packs it anew, keeping whatever is better. One step can
// skip a ticket, swap tickets between matches, nest one match inside another, turn two matches into three; whatever
// its few dozen tickets allow.
//
// Small islands are one neighbourhood and so solved at once. In large ones the surroundings of tickets left over come
// first, the longest-waiting first of all, then those of the worst matches, as far as the tick's budget of steps goes.
#pragma once

#include <vector>

#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/islands.h"
#include "services/matchmaker/core/packing.h"

namespace mm::matchmaker {

class Improver {
 public:
  /// For one tick of one bucket: some 5 ms.
  static constexpr std::uint64_t kStepsPerTick = 120'000;

  Improver(const Format& format, const Line& line, Draft& draft, Appraiser& appraiser);

  /// Matches in which one of `fixed` plays stay as they are. True if anything has changed.
  bool improve(Island island, const std::vector<bool>& fixed);
  std::uint64_t steps() const { return packing_.steps(); }
  /// See Packing.
  void begin(std::uint64_t most_steps) { packing_.begin(most_steps); }
  bool gave_up() const { return packing_.gave_up(); }

 private:
  bool spent() const { return packing_.steps() >= kStepsPerTick || packing_.gave_up(); }
  bool is_fixed(Index i) const { return !fixed_->empty() && (*fixed_)[i]; }
  std::vector<Index> seeds() const;
  void gather(Index seed);
  bool take(Index i);
  double most_conceivable();
  double most_quality();
  bool repack();

  const Format& format_;
  const Line& line_;
  Draft& draft_;
  Appraiser& appraiser_;
  Packing packing_;

  const std::vector<bool>* fixed_ = nullptr;
  Island island_{0, 0};
  std::vector<Index> tickets_;              ///< the neighbourhood
  std::vector<Draft::MatchIndex> matches_;  ///< that stand in it
  std::vector<Packing::Found> found_;
  std::vector<double> best_;
};

}  // namespace mm::matchmaker
