// Which live matches to ask sessions about, and when. Pure: the time is handed in.
//
// A match that no session has confirmed is asked about two seconds after it was first seen, one that is confirmed after
// fifteen. With every question the pause before the next one doubles, up to a minute. So the work is bounded by how
// many matches are live, not by how long something is away; the caller bounds the rate by how many it takes at a time.
// Questions that failed are asked again at once when a session answers again.
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
  static constexpr Milliseconds kLongestPause{60'000};

  /// The unconfirmed matches of a tenant, all of them: others of the tenant are not unconfirmed any more.
  void follow_unconfirmed(const Tenant& tenant, const std::vector<MatchId>& matches, SteadyPoint now);
  /// The live matches of a tenant, all of them: others of the tenant are over.
  void follow_live(const Tenant& tenant, const std::vector<MatchId>& matches, SteadyPoint now);
  /// The tenant is not ours any more.
  void forget(const Tenant& tenant);

  /// Matches that are due, unconfirmed ones first, then the longest due; at most `most`. Each counts as asked about
  /// now.
  std::vector<LiveMatch> take(std::size_t most, SteadyPoint now);
  /// The match that is due first, to find out whether sessions answer again; it does not count as asked about.
  std::vector<LiveMatch> soonest() const;
  /// A session has answered: it has the match in a row.
  void confirmed(const LiveMatch& match, SteadyPoint now);
  /// A session has answered: the match is over. Or it is not live any more.
  void over(const LiveMatch& match) { entries_.erase(match); }
  /// A session has answered, so those whose questions failed may be asked about again.
  void answers_again(SteadyPoint now);

  /// It has been asked about so often, without an answer that confirms it, that its pause cannot grow.
  bool is_stuck(const LiveMatch& match) const;
  std::size_t unconfirmed() const;
  /// How long the oldest unconfirmed match has been known here; 0: there is none.
  Milliseconds oldest_unconfirmed(SteadyPoint now) const;
  std::size_t size() const { return entries_.size(); }
  /// Whether something of the tenant is followed.
  bool follows(const Tenant& tenant) const;

 private:
  struct Entry {
    bool confirmed = false;
    bool unanswered = false;  ///< asked about, and no answer came yet
    Milliseconds pause{};     ///< before the next question but one
    SteadyPoint next{};
    SteadyPoint since{};  ///< known here in its present state
  };
  using Entries = std::map<LiveMatch, Entry>;
  static Entry fresh(bool confirmed, SteadyPoint now);
  template <class Keep>
  void keep_of(const Tenant& tenant, Keep keep);

  Entries entries_;
};

}  // namespace mm::matchmaker
