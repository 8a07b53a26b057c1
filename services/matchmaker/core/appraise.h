// Computes the utility of a set of tickets as one match: the quality of its most even teams plus the waiting bonus.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/quality.h"
#include "services/matchmaker/core/teams.h"

namespace mm::matchmaker {

/// The figures of a match whose teams are known.
struct Verdict {
  double quality = 0;
  double spread = 0;     ///< points
  double advantage = 0;  ///< of team 0 over team 1; with more than two teams, of the strongest over the weakest
};

class Appraiser {
 public:
  Appraiser(const Format& format, const Line& line);

  /// Worth as if the teams were even, without splitting them; exact for duels. The sizes must fill the teams.
  Worth estimate(std::span<const Index> tickets);
  /// The exact worth. Empty if the sizes cannot fill the teams.
  std::optional<Worth> worth(std::span<const Index> tickets);
  /// Splits the teams and computes all figures. The sizes must fill the teams. `team_of` receives a team per ticket.
  Verdict judge(std::span<const Index> tickets, std::vector<std::uint8_t>& team_of);

 private:
  struct Extent {
    Rating low;
    Rating high;
  };
  Extent look_at(std::span<const Index> tickets);
  double edge_of_two(std::span<const Index> tickets, const std::vector<std::uint8_t>& team_of) const;
  double edge_of_many(std::span<const Index> tickets, const std::vector<std::uint8_t>& team_of);

  const Format& format_;
  const Line& line_;
  Splitter splitter_;
  std::vector<Unit> units_;
  std::vector<TeamStrength> strengths_;
};

}  // namespace mm::matchmaker
