#include "services/matchmaker/matching/search/match_evaluator.h"

#include <algorithm>

#include "common/base/result.h"

namespace mm::matching {

MatchEvaluator::MatchEvaluator(const Format& format, const Candidates& candidates)
    : format_(format), candidates_(candidates), splitter_(format.teams, format.team_size) {}

Utility MatchEvaluator::estimate(std::span<const Index> tickets) {
  if (format_.players == 2) return *utility(tickets);
  double bonus = 0;
  Rating low = candidates_[tickets[0]].rating;
  Rating high = low;
  for (const Index i : tickets) {
    low = std::min(low, candidates_[i].rating);
    high = std::max(high, candidates_[i].rating);
    bonus += static_cast<double>(candidates_[i].bonus);
  }
  return {quality(points(high - low), 0), bonus, false};
}

std::optional<Utility> MatchEvaluator::utility(std::span<const Index> tickets) {
  const Extent extent = load_units(tickets);
  const std::int64_t gap = splitter_.gap(units_);
  if (gap < 0) return std::nullopt;
  double variance = 0;
  double bonus = 0;
  for (const Index i : tickets) {
    variance += candidates_[i].variance();
    bonus += static_cast<double>(candidates_[i].bonus);
  }
  // With more than two teams, two of them have 2 / teams of the total variance.
  const TeamStrength stronger{points(gap), variance * 2 / format_.teams};
  return Utility{quality(points(extent.high - extent.low), advantage(stronger, {}, format_.team_size)), bonus};
}

MatchFigures MatchEvaluator::evaluate(std::span<const Index> tickets, std::vector<std::uint8_t>& team_of) {
  const Extent extent = load_units(tickets);
  const bool fits = splitter_.split(units_, team_of);
  check(fits, "a planned match fills its teams");
  const double edge = format_.teams == 2 ? advantage_of_two(tickets, team_of) : advantage_of_many(tickets, team_of);
  const double spread = points(extent.high - extent.low);
  return {quality(spread, edge), spread, edge};
}

// Each ticket is added to both sums, as its value to one and as 0 to the other. A branch on the team would be
// mispredicted often.
double MatchEvaluator::advantage_of_two(std::span<const Index> tickets,
                                        const std::vector<std::uint8_t>& team_of) const {
  TeamStrength first, second;
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const double rating = points(units_[i].strength());
    const double variance = candidates_[tickets[i]].variance();
    const bool in_first = team_of[i] == 0;
    first.rating_sum += in_first ? rating : 0;
    first.variance_sum += in_first ? variance : 0;
    second.rating_sum += in_first ? 0 : rating;
    second.variance_sum += in_first ? 0 : variance;
  }
  return advantage(first, second, format_.team_size);
}

double MatchEvaluator::advantage_of_many(std::span<const Index> tickets, const std::vector<std::uint8_t>& team_of) {
  strengths_.assign(static_cast<std::size_t>(format_.teams), {});
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    strengths_[team_of[i]].rating_sum += points(units_[i].strength());
    strengths_[team_of[i]].variance_sum += candidates_[tickets[i]].variance();
  }
  const auto weaker = [](const TeamStrength& a, const TeamStrength& b) { return a.rating_sum < b.rating_sum; };
  const auto [weakest, strongest] = std::minmax_element(strengths_.begin(), strengths_.end(), weaker);
  return advantage(*strongest, *weakest, format_.team_size);
}

MatchEvaluator::Extent MatchEvaluator::load_units(std::span<const Index> tickets) {
  units_.resize(tickets.size());
  Extent extent{candidates_[tickets[0]].rating, candidates_[tickets[0]].rating};
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const Candidate& ticket = candidates_[tickets[i]];
    units_[i] = {ticket.rating, ticket.size};
    extent.low = std::min(extent.low, ticket.rating);
    extent.high = std::max(extent.high, ticket.rating);
  }
  return extent;
}

}  // namespace mm::matching
