#include "tests/simulation/servers/profile_tables.h"

#include <algorithm>

#include "common/wire/codec.h"
#include "services/profile/core/certainty.h"

namespace mm::simulation {

using profile::Rated;
using profile::RatedMatch;

namespace {

Rating rating_of(const ProfileTables::Key& key, const Rated& rated, TimePoint now) {
  Rating rating;
  rating.player_id = key.player;
  rating.mode = key.mode;
  rating.mmr = profile::to_points(rated.mmr);
  rating.games = rated.games;
  rating.deviation = profile::grown_deviation(rated, now);
  if (rated.deviation_at) rating.deviation_at = profile::deviation_time(rated, now);
  rating.deviation_growth = profile::deviation_growth(rated);
  return rating;
}

}  // namespace

std::vector<std::optional<RatedMatch>> ProfileTables::with_locked_ratings(
    const std::vector<const MatchCompleted*>& matches, const Store::DecideRatings& decide, TimePoint now) {
  std::vector<std::optional<RatedMatch>> results(matches.size());
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const auto& match = *matches[i];
    if (applied_.contains(match.match_id)) continue;
    std::map<PlayerId, profile::PlayerBefore> before;
    for (const auto& team : match.teams) {
      for (const auto& player : team) {
        before[player.player_id] = {ratings_[{match.tenant, player.player_id, match.mode}], std::nullopt};
      }
    }
    auto rated = decide(match, before);
    applied_.emplace(match.match_id, rated.event);
    for (const auto& change : rated.changes) {
      auto& row = ratings_[{match.tenant, change.player_id, match.mode}];
      const auto games = row.games + 1;
      row = change.after;
      row.games = games;
    }
    outbox_.add({std::string(MatchRated::kSubject.text),
                 wire::encode(rated.event),
                 match.match_id.to_string() + ".rated",
                 {},
                 now,
                 nullptr});
    results[i] = std::move(rated);
  }
  return results;
}

profile::Store::RatingPage ProfileTables::ratings_after(const std::optional<Tenant>& tenant,
                                                        const std::optional<profile::RatingCursor>& cursor, int limit,
                                                        TimePoint now) const {
  Store::RatingPage page;
  for (const auto& [key, rated] : ratings_) {
    if (tenant && key.tenant != *tenant) continue;
    if (cursor && !(Key{cursor->tenant, cursor->player_id, cursor->mode} < key)) continue;
    if (static_cast<int>(page.ratings.size()) == limit) {
      page.next = profile::RatingCursor{key.tenant, page.ratings.back().player_id, page.ratings.back().mode};
      break;
    }
    page.ratings.push_back(rating_of(key, rated, now));
  }
  return page;
}

std::vector<Rating> ProfileTables::ratings_of(const std::optional<Tenant>& tenant, const std::vector<PlayerId>& players,
                                              TimePoint now) const {
  std::vector<Rating> found;
  for (const auto& [key, rated] : ratings_) {
    if (tenant && key.tenant != *tenant) continue;
    if (std::find(players.begin(), players.end(), key.player) != players.end()) {
      found.push_back(rating_of(key, rated, now));
    }
  }
  return found;
}

}  // namespace mm::simulation
