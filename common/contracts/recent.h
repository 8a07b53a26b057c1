// How a player's matches of the last minutes ended: what a client that was away has missed. Session answers with the
// ends; the gateway adds the rating changes that profile knows, and puts the list into `welcome` and the active state.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"

namespace mm {

/// Ends older than this are no longer told.
inline constexpr Milliseconds kRecentTime{600'000};
/// The newest ends of a player that are told.
inline constexpr int kRecentMatchesMax = 20;

struct RecentMatch {
  MatchId match_id;
  Mode mode;
  Region region;
  MatchStatus status = MatchStatus::completed;  ///< completed or cancelled
  TimePoint ended_at;
  int team = 0;  ///< index of the player's
  // Of a completed match:
  std::optional<Outcome> result;  ///< the player's
  std::optional<int> winning_team;  ///< absent: a draw
  std::optional<double> duration_seconds;
  // Of a completed match, once it is rated:
  std::optional<double> mmr_before;
  std::optional<double> mmr_after;
  std::optional<double> mmr_change;
  // Of a cancelled match:
  std::optional<CancelReason> reason;
  std::optional<bool> requeued;  ///< the player's ticket went back into the queue
};

template <class F>
void describe(F& f, RecentMatch& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("mode", m.mode);
  f("region", m.region);
  f("status", m.status);
  f("ended_at", m.ended_at);
  f("team", m.team);
  f("result", m.result);
  f("winning_team", m.winning_team);
  f("duration_seconds", m.duration_seconds, Decimals{3});
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("mmr_change", m.mmr_change, Decimals{2});
  f("reason", m.reason);
  f("requeued", m.requeued);
}

struct RecentMatches {
  std::vector<RecentMatch> matches;  ///< in the order in which they ended
};

template <class F>
void describe(F& f, RecentMatches& m) {
  f("matches", m.matches);
}

/// A player may ask about themselves, a service about any player of the caller's tenant.
struct GetRecentMatches {
  static constexpr Subject kSubject{"session.recent"};
  using Answer = RecentMatches;

  PlayerId player_id;
};

template <class F>
void describe(F& f, GetRecentMatches& m) {
  f("player_id", m.player_id);
}

}  // namespace mm
