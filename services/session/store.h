// Session's tables: the only SQL of this service. Each method is one transaction that writes the row, the live players
// and the event together, and that is safe to run again. Decisions are made by functions that the caller passes in;
// a transaction may run such a function more than once. Thread-safe.
//
// Every change of state is UPDATE … WHERE state = ANY(the states it can be reached from). If the update finds no row,
// another transaction has changed the state, and the caller must read the row.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/contracts/problem.h"
#include "services/session/core/initial_state.h"
#include "services/session/core/result.h"

namespace mm::bus {
class Outbox;
}

namespace mm::storage {
class Postgres;
struct DatabaseError;
}  // namespace mm::storage

namespace mm::session {

class Store {
 public:
  Store(storage::Postgres& postgres, bus::Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  /// A found match whose row is to be stored.
  struct Arrival {
    MatchFound found;
    std::optional<std::string> bad_roster;  ///< why nobody can play it
  };
  struct Stored {
    Match match;
    bool fresh = false;   ///< false: the row was there before, or this is a duplicate
    std::string refused;  ///< why it starts as cancelled, for the log; empty if it starts as allocating
  };
  /// None: the match starts as allocating. `busy`: its players who are in another live match.
  using DecideStart =
      std::function<std::optional<Refusal>(const Arrival&, const Match& row, const std::set<PlayerId>& busy)>;
  /// Inserts a row for each found match that has none, by match_id, all in one transaction. Returns one result per
  /// arrival, in order. `decide` is first asked without busy players; the players of the matches it does not refuse
  /// become live players. It is asked again about each match with players that another live match has, and must refuse
  /// these. If two arrivals share a player, the first one gets the player.
  Reply<std::vector<Stored>> insert_found(const std::vector<Arrival>& arrivals, const DecideStart& decide,
                                          Deadline deadline);

  Reply<std::optional<Match>> find(MatchId match, Deadline deadline);
  Reply<std::optional<Match>> find_live(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Matches without a server, in the order in which they were found.
  Reply<std::vector<Match>> waiting(int max, Deadline deadline);
  /// Returns the matches that are ready now. The others are no longer allocating.
  Reply<std::vector<Match>> make_ready(const std::vector<Allocation>& allocations, Deadline deadline);

  struct RecordedHeartbeat {
    std::optional<Match> match;  ///< none: unknown
    bool counted = false;        ///< the match is ready or running
    bool started = false;        ///< this heartbeat made the match running
  };
  Reply<RecordedHeartbeat> record_heartbeat(MatchId match, bool running, Deadline deadline);

  struct Judged {
    Match match;  ///< after the change
    Judgement judgement;
    MatchStatus before = MatchStatus::running;
  };
  /// `now`: the time of the transaction, which is `ended_at` of a match that it ends.
  using DecideEnd = std::function<Judgement(const Match& row, TimePoint now)>;
  /// Locks the rows, asks `decide` about each, and writes the ends of those that end, all in one transaction. Unknown
  /// matches are not in the answer.
  Reply<std::map<MatchId, Judged>> with_locked(const std::vector<MatchId>& matches, const DecideEnd& decide,
                                               Deadline deadline);

  /// The last kMaxRecentMatches matches of the player that ended within kRecentTime, the latest last.
  Reply<std::vector<Match>> recent(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Matches that have waited for a server, or whose server has sent no heartbeat, for longer than a limit, by the
  /// clock of the database.
  enum class Overdue { unserved, silent };
  Reply<std::vector<Match>> overdue(Overdue kind, Milliseconds limit, int max, Deadline deadline);
  /// Writes the end of the match if the match is still overdue; returns none otherwise.
  Reply<std::optional<Match>> end_overdue(Overdue kind, Milliseconds limit, const Match& match, const MatchEnd& end,
                                          Deadline deadline);

  /// Ended matches whose server has not been released.
  Reply<std::vector<MatchId>> unreleased(int max, Deadline deadline);
  Reply<Done> mark_released(const std::vector<MatchId>& matches, Deadline deadline);

  /// Deletes up to 500 released matches that ended longer ago than `retention`; returns how many.
  Reply<int> prune(Milliseconds retention, Deadline deadline);
  /// Deletes the rows that recent() no longer returns.
  Reply<Done> prune_recent(Deadline deadline);

 private:
  storage::Postgres& postgres_;
  bus::Outbox& outbox_;
};

}  // namespace mm::session
