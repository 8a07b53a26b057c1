#include "services/matchmaker/core/appraise.h"

#include <algorithm>

#include "common/base/result.h"

namespace mm::matchmaker {

Appraiser::Appraiser(const Format& format, const Line& line)
    : format_(format), line_(line), splitter_(format.teams, format.team_size) {}

Worth Appraiser::estimate(std::span<const Index> tickets) {
  if (format_.players == 2) return *worth(tickets);
  double bonus = 0;
  Rating low = line_[tickets[0]].rating;
  Rating high = low;
  for (const Index i : tickets) {
    low = std::min(low, line_[i].rating);
    high = std::max(high, line_[i].rating);
    bonus += static_cast<double>(line_[i].bonus);
  }
  return {quality(points(high - low), 0), bonus, false};
}

std::optional<Worth> Appraiser::worth(std::span<const Index> tickets) {
  const Sums sums = take(tickets);
  const std::int64_t gap = splitter_.gap(units_);
  if (gap < 0) return std::nullopt;
  // With more than two teams, two of them hold their share of the variance.
  const TeamStrength stronger{points(gap), sums.variance * 2 / format_.teams};
  return Worth{quality(points(sums.high - sums.low), advantage(stronger, {}, format_.team_size)), sums.bonus};
}

Verdict Appraiser::judge(std::span<const Index> tickets, std::vector<std::uint8_t>& team_of) {
  const Sums sums = take(tickets);
  const bool fits = splitter_.split(units_, team_of);
  check(fits, "a planned match fills its teams");
  strengths_.assign(static_cast<std::size_t>(format_.teams), {});
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    strengths_[team_of[i]].rating_sum += points(units_[i].strength());
    strengths_[team_of[i]].variance_sum += line_[tickets[i]].variance();
  }
  const auto weaker = [](const TeamStrength& a, const TeamStrength& b) { return a.rating_sum < b.rating_sum; };
  const auto [weakest, strongest] = std::minmax_element(strengths_.begin(), strengths_.end(), weaker);
  const double edge = format_.teams == 2 ? advantage(strengths_[0], strengths_[1], format_.team_size)
                                         : advantage(*strongest, *weakest, format_.team_size);
  const double spread = points(sums.high - sums.low);
  return {quality(spread, edge), spread, edge};
}

Appraiser::Sums Appraiser::take(std::span<const Index> tickets) {
  units_.clear();
  Sums sums{line_[tickets[0]].rating, line_[tickets[0]].rating, 0, 0};
  for (const Index i : tickets) {
    const Candidate& ticket = line_[i];
    units_.push_back({ticket.rating, ticket.size});
    sums.low = std::min(sums.low, ticket.rating);
    sums.high = std::max(sums.high, ticket.rating);
    sums.variance += ticket.variance();
    sums.bonus += static_cast<double>(ticket.bonus);
  }
  return sums;
}

}  // namespace mm::matchmaker
