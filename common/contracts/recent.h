// How a player's matches of the last minutes ended, so that a client that was away learns what it missed. Session
// reports the matches; the gateway adds the rating changes from profile and puts the list into `welcome` and the active
// state.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"

namespace mm {

/// Matches that ended longer ago than this (10 minutes) are not reported.
inline constexpr Milliseconds kRecentTime{600'000};
/// At most this many matches are reported, the newest ones.
inline constexpr int kMaxRecentMatches = 20;

struct RecentMatch {
  MatchId match_id;
  Mode mode;
  Region region;
  MatchStatus status = MatchStatus::completed;  ///< completed or cancelled
  TimePoint ended_at;
  int team = 0;  ///< index of the player's team
  // Only for a completed match:
  std::optional<Outcome> result;    ///< the player's result
  std::optional<int> winning_team;  ///< absent: a draw
  std::optional<double> duration_seconds;
  // Only for a completed match that is rated already:
  std::optional<double> mmr_before;
  std::optional<double> mmr_after;
  std::optional<double> mmr_change;
  // Only for a cancelled match:
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

/// Players may ask about themselves only; a service may ask about any player of the caller's tenant.
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
