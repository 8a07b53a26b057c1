#include "services/profile/team_scores.h"

#include "common/wire/json.h"
#include "services/profile/core/margin.h"

namespace mm::profile {
namespace {

std::optional<double> number_in(const fields::RawJson& stats, const StatName& stat) {
  const auto document = json::Document::parse(stats.text);
  if (!document || !document->root().is(json::Kind::object)) return std::nullopt;
  const auto value = document->root().find(stat.str());
  if (!value || !value->is(json::Kind::number)) return std::nullopt;
  return value->real();
}

}  // namespace

std::vector<std::optional<double>> team_scores(const MatchCompleted& match, const StatName& stat) {
  std::vector<std::optional<double>> scores;
  for (const auto& team : match.teams) {
    auto& score = scores.emplace_back();
    for (const auto& player : team) {
      if (const auto number = number_in(player.stats, stat)) score = score.value_or(0) + *number;
    }
  }
  return scores;
}

int margin_between(const MatchCompleted& match, const ModeRules* rules) {
  if (rules == nullptr || !rules->rated || !rules->margin_stat || !match.winning_team) return 0;
  return margin_of(team_scores(match, *rules->margin_stat), static_cast<std::size_t>(*match.winning_team),
                   rules->margin_weight);
}

}  // namespace mm::profile
