#include "services/simulator/world/worth.h"

#include <algorithm>
#include <limits>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::simulator {

MatchWorth worth_of(const MadeMatch& match, const Terms& terms, const FindTicket& find) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  std::vector<matching::TeamStrength> teams(static_cast<std::size_t>(terms.rules.teams));
  for (const MadeSeat& seat : match.seats) {
    const WaitingTicket& ticket = *find(seat.ticket);
    low = std::min(low, ticket.rating);
    high = std::max(high, ticket.rating);
    // Like the core, each member of a party counts with the party's mean. Which member plays in which team matters only
    // for policies that split the party; then each player's own rating counts.
    double mean = 0;
    for (const Player& player : ticket.players) mean += player.mmr / static_cast<double>(ticket.players.size());
    const Player& player = ticket.players[seat.player];
    teams[seat.team].rating_sum += player.mmr + (ticket.rating - mean);
    teams[seat.team].variance_sum += player.deviation * player.deviation;
  }
  const auto weaker = [](const matching::TeamStrength& a, const matching::TeamStrength& b) {
    return a.rating_sum < b.rating_sum;
  };
  const auto [weakest, strongest] = std::minmax_element(teams.begin(), teams.end(), weaker);
  const double edge = matching::advantage(*strongest, *weakest, terms.team_size);
  return {matching::quality(high - low, edge), high - low,
          (strongest->rating_sum - weakest->rating_sum) / static_cast<double>(terms.team_size)};
}

}  // namespace mm::simulator
