// Decides which live matches the matchmaker asks the session service about, and when. Pure: the time is an argument.
//
// An unconfirmed match is asked about two seconds after it was first seen, a confirmed one after fifteen seconds. Each
// request doubles the pause before the next one, up to a minute. So the work is bounded by the number of live matches,
// not by the length of an outage. The caller limits the rate by the number of matches it takes at a time. When the
// session service answers again, matches whose requests failed are due at once.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/contracts/names.h"

namespace mm::matchmaker {

using LiveMatch = std::pair<Tenant, MatchId>;

class ReconcileSchedule {
 public:
  static constexpr Milliseconds kUnconfirmedPause{2'000};
  static constexpr Milliseconds kConfirmedPause{15'000};
  static constexpr Milliseconds kMaxPause{60'000};

  /// Sets the complete list of a tenant's unconfirmed matches. Others that were unconfirmed are no longer tracked.
  void follow_unconfirmed(const Tenant& tenant, const std::vector<MatchId>& matches, SteadyPoint now);
  /// Sets the complete list of a tenant's live matches. Other matches of the tenant are over and no longer tracked.
  void follow_live(const Tenant& tenant, const std::vector<MatchId>& matches, SteadyPoint now);
  /// Drops all matches of a tenant that this instance no longer owns.
  void forget(const Tenant& tenant);

  /// Returns at most `limit` due matches: unconfirmed ones first, then the longest due. Each counts as asked about now.
  std::vector<LiveMatch> take(std::size_t limit, SteadyPoint now);
  /// Returns the match that is due first, for a request that tests whether the session service answers again. The match
  /// does not count as asked about. Empty if no match is tracked.
  std::vector<LiveMatch> soonest() const;
  /// The session service has answered that it has stored the match.
  void confirmed(const LiveMatch& match, SteadyPoint now);
  /// The session service has answered that the match is over, or the match is no longer live.
  void over(const LiveMatch& match) { entries_.erase(match); }
  /// The session service has answered some request: matches whose requests got no answer are due now.
  void retry_unanswered(SteadyPoint now);

  /// Whether the match is unconfirmed after so many requests that its pause has reached kMaxPause.
  bool is_stuck(const LiveMatch& match) const;
  std::size_t unconfirmed() const;
  /// The time since the oldest unconfirmed match was first seen here; 0 if there is none.
  Milliseconds oldest_unconfirmed(SteadyPoint now) const;
  std::size_t size() const { return entries_.size(); }
  /// Whether any match of the tenant is tracked.
  bool follows(const Tenant& tenant) const;

 private:
  struct Entry {
    bool confirmed = false;
    bool unanswered = false;  ///< asked about, and not answered yet
    Milliseconds pause{};     ///< the pause before `next`; each request doubles it
    SteadyPoint next{};
    SteadyPoint since{};  ///< when the entry got its present state
  };
  using Entries = std::map<LiveMatch, Entry>;
  static Entry fresh(bool confirmed, SteadyPoint now);
  template <class Keep>
  void keep_of(const Tenant& tenant, Keep keep);

  Entries entries_;
};

}  // namespace mm::matchmaker
