#include "tests/integration/profile/replay.h"

#include <map>
#include <utility>

#include "common/contracts/enum_text.h"
#include "services/profile/core/rating.h"

namespace mm::profile {
namespace {

using Row = std::vector<std::string>;
using Table = std::map<std::pair<std::string, std::string>, Rated>;  // (mode, player)

/// Compares with mmr, deviation and volatility, which start at `column`.
void expect_standing(const Rated& rated, const Row& row, std::size_t column) {
  EXPECT_EQ(std::stoll(row[column]), rated.mmr);
  EXPECT_EQ(std::stoll(row[column + 1]), rated.deviation);
  EXPECT_EQ(std::stoll(row[column + 2]), rated.volatility);
}

TimePoint time_of(const std::string& milliseconds) { return TimePoint(Milliseconds(std::stoll(milliseconds))); }

// Columns of `match`: match_id, mode, winning_team, rating, margin, ended_at
void replay(const Row& match, Table& table) {
  const auto changes = rows(
      "SELECT player_id, team, mmr_before, deviation_before, volatility_before, mmr_after, deviation_after, "
      "volatility_after FROM profile.rating_change WHERE match_id = '" +
      match[0] + "' ORDER BY team, slot");
  Sides sides;
  for (const auto& change : changes) {
    const auto& rated = table[{match[1], change[0]}];
    expect_standing(rated, change, 2);
    const auto team = static_cast<std::size_t>(std::stoi(change[1]));
    sides.resize(team + 1);
    sides[team].push_back(rated);
  }
  if (!match[3].empty()) {
    const auto winner = match[2].empty() ? std::nullopt : std::optional<std::size_t>(std::stoul(match[2]));
    sides = rate(*enum_named<RatingSystem>(match[3]), sides, {winner, time_of(match[5]), std::stoi(match[4])});
  }
  auto change = changes.begin();
  for (const auto& side : sides) {
    for (const auto& after : side) {
      expect_standing(after, *change, 5);
      auto& rated = table[{match[1], (*change++)[0]}];
      rated = after;
      ++rated.games;
    }
  }
}

}  // namespace

std::size_t expect_log_gives_the_ratings(const Tenant& tenant) {
  const auto of_tenant = " WHERE tenant = '" + tenant.str() + "'";
  const auto log = rows(
      "SELECT match_id, mode, winning_team, rating, margin, (extract(epoch FROM ended_at) * 1000)::bigint "
      "FROM profile.applied" +
      of_tenant + " ORDER BY applied_seq");
  Table table;
  for (const auto& match : log) replay(match, table);
  const auto stored = rows(
      "SELECT mode, player_id, mmr, deviation, volatility, games, (extract(epoch FROM deviation_at) * 1000)::bigint "
      "FROM profile.rating" +
      of_tenant);
  EXPECT_EQ(stored.size(), table.size());
  for (const auto& row : stored) {
    const auto& rated = table[{row[0], row[1]}];
    expect_standing(rated, row, 2);
    EXPECT_EQ(std::stoll(row[5]), rated.games);
    EXPECT_EQ(row[6].empty() ? std::nullopt : std::optional(time_of(row[6])), rated.deviation_at);
  }
  return log.size();
}

}  // namespace mm::profile
