// How the matchmaker learns the state of matches for which it received no event: it sends session the matches and gets
// their states. The answer does not depend on how far the streams have been consumed.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/contracts/events.h"

namespace mm {

/// The state of a match in session's table. `requeue` and `reason` are set for cancelled matches only.
struct MatchState {
  MatchId match_id;
  MatchStatus status = MatchStatus::allocating;
  bool fresh = false;  ///< session did not know the match before this request
  std::optional<CancelReason> reason;
  std::optional<std::vector<TicketId>> requeue;
};

template <class F>
void describe(F& f, MatchState& m) {
  f("match_id", m.match_id);
  f("status", m.status);
  f("fresh", m.fresh, fields::Optional{});
  f("reason", m.reason);
  f("requeue", m.requeue);
}

/// One entry for each match of the request, in the same order.
struct MatchStates {
  std::vector<MatchState> matches;
};

template <class F>
void describe(F& f, MatchStates& m) {
  f("matches", m.matches);
}

/// Sent by daemons only. Session stores the matches that it does not know, in one transaction, as if their match.found
/// had arrived. Idempotent by match_id: for a known match only its present state is returned.
struct ReconcileMatches {
  static constexpr Subject kSubject{"session.reconcile"};
  using Answer = MatchStates;
  static constexpr std::size_t kMaxMatches = 100;
  static constexpr bool kFromDaemons = true;

  std::vector<MatchFound> matches;
};

template <class F>
void describe(F& f, ReconcileMatches& m) {
  f("matches", m.matches, fields::Count{1, ReconcileMatches::kMaxMatches});
}

}  // namespace mm
