// Computes the utility of a set of tickets as one match: the quality of its most even teams plus the waiting bonus.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "services/matchmaker/matching/rules/quality.h"
#include "services/matchmaker/matching/search/candidates.h"
#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/teams/splitter.h"

namespace mm::matching {

/// The figures of a match whose teams are known.
struct MatchFigures {
  double quality = 0;
  double spread = 0;     ///< points
  double advantage = 0;  ///< of team 0 over team 1; with more than two teams, of the strongest over the weakest
};

class MatchEvaluator {
 public:
  MatchEvaluator(const Format& format, const Candidates& candidates);

  /// Utility as if the teams were even, without splitting them; exact for duels. The sizes must fill the teams.
  Utility estimate(std::span<const Index> tickets);
  /// The exact utility. Empty if the sizes cannot fill the teams.
  std::optional<Utility> utility(std::span<const Index> tickets);
  /// Splits the teams and computes all figures. The sizes must fill the teams. `team_of` receives a team per ticket.
  MatchFigures evaluate(std::span<const Index> tickets, std::vector<std::uint8_t>& team_of);

 private:
  struct Extent {
    Rating low;
    Rating high;
  };
  Extent load_units(std::span<const Index> tickets);
  double advantage_of_two(std::span<const Index> tickets, const std::vector<std::uint8_t>& team_of) const;
  double advantage_of_many(std::span<const Index> tickets, const std::vector<std::uint8_t>& team_of);

  const Format& format_;
  const Candidates& candidates_;
  Splitter splitter_;
  std::vector<Unit> units_;
  std::vector<TeamStrength> strengths_;
};

}  // namespace mm::matching
