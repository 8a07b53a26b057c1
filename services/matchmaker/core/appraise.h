// What a set of tickets is worth as one match: quality plus the bonus for waiting, of its most even teams.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/quality.h"
#include "services/matchmaker/core/teams.h"

namespace mm::matchmaker {

/// A match with its teams.
struct Verdict {
  double quality = 0;
  double spread = 0;     ///< points
  double advantage = 0;  ///< of team 0; with more than two teams, of the strongest over the weakest
};

class Appraiser {
 public:
  Appraiser(const Format& format, const Line& line);

  /// As if the teams came out even, without looking at them; exact for duels. The sizes must fit.
  Worth estimate(std::span<const Index> tickets);
  /// Nothing if the sizes fit no teams.
  std::optional<Worth> worth(std::span<const Index> tickets);
  /// The same in full; the sizes must fit. `team_of` gets the team of each ticket.
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
