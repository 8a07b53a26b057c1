#include "tests/simulation/platform/session_checks.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tests/simulation/platform/violation.h"

namespace mm::simulation {
namespace {

bool may_follow(MatchStatus from, MatchStatus to) {
  using enum MatchStatus;
  switch (from) {
    case allocating: return to == ready || to == cancelled;
    case ready: return to == running || to == completed || to == cancelled;
    case running: return to == completed || to == cancelled;
    case loading:
    case completed:
    case cancelled: break;
  }
  return false;
}

}  // namespace

std::string SessionChecks::after_transaction() {
  try {
    check_rows();
  } catch (const Violation& violation) {
    return violation.what();
  }
  return {};
}

void SessionChecks::check_rows() {
  const auto& tables = servers_.database.session;
  std::map<PlayerId, MatchId> playing;
  for (const auto& [id, row] : tables.rows()) {
    const auto status = row.match.status;
    const auto [seen, fresh] = seen_.try_emplace(id, status);
    const auto before = std::exchange(seen->second, status);
    if (fresh && status != MatchStatus::allocating && status != MatchStatus::cancelled) {
      throw Violation("I11: the row of match " + id.to_string() + " starts in the wrong state");
    }
    if (!fresh && before != status && !may_follow(before, status)) {
      throw Violation("I11: match " + id.to_string() + " went from " + std::string(text_of(before)) + " to " +
                      std::string(text_of(status)));
    }
    if (is_over(status)) continue;
    for (const auto player : session::players_of(row.match.teams)) {
      const auto [other, first] = playing.try_emplace(player, id);
      if (!first) throw Violation("I08: player " + player.to_string() + " is in two live matches");
      const auto live = tables.live_players().find({row.match.tenant, player});
      if (live == tables.live_players().end() || live->second != id) {
        throw Violation("I08: a player of live match " + id.to_string() + " is not a live player");
      }
    }
  }
  if (playing.size() != tables.live_players().size()) throw Violation("leak: a live player without a live match");
  if (tables.rows().size() < seen_.size()) throw Violation("I11: a row disappeared within 8 days");
}

}  // namespace mm::simulation
