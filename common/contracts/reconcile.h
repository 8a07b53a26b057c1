// How the matchmaker learns what became of matches that no event has told it of: it asks, and brings the matches along,
// so that an answer never waits behind a stream.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/contracts/events.h"

namespace mm {

/// What session's row says of a match. `requeue` and `reason` belong to a cancelled one.
struct MatchStanding {
  MatchId match_id;
  MatchStatus status = MatchStatus::allocating;
  bool fresh = false;  ///< session has heard of it by this request
  std::optional<CancelReason> reason;
  std::optional<std::vector<TicketId>> requeue;
};

template <class F>
void describe(F& f, MatchStanding& m) {
  f("match_id", m.match_id);
  f("status", m.status);
  f("fresh", m.fresh, fields::Optional{});
  f("reason", m.reason);
  f("requeue", m.requeue);
}

/// One standing for each match of the request, in its order.
struct MatchStandings {
  std::vector<MatchStanding> matches;
};

template <class F>
void describe(F& f, MatchStandings& m) {
  f("matches", m.matches);
}

/// From daemons only. Session stores the matches that it does not know, all in one transaction, as if their match.found
/// had arrived. Idempotent by match_id: a known match only gets its present state as the answer.
struct ReconcileMatches {
  static constexpr Subject kSubject{"session.reconcile"};
  using Answer = MatchStandings;
  static constexpr std::size_t kMost = 100;
  static constexpr bool kFromDaemons = true;

  std::vector<MatchFound> matches;
};

template <class F>
void describe(F& f, ReconcileMatches& m) {
  f("matches", m.matches, fields::Count{1, ReconcileMatches::kMost});
}

}  // namespace mm
