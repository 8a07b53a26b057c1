// Session's tables: the only SQL of this service. Each method is one transaction that decides, writes the row, the live
// players and the event of the fact together, and is safe to run again. Thread-safe.
//
// Every change of state is UPDATE … WHERE state IN (those it may be reached from): no row means that someone else
// decided, and the caller reads instead of assuming.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/problem.h"
#include "common/runtime/trace.h"
#include "services/session/core/result.h"

namespace mm::storage {
class Outbox;
class Postgres;
struct DatabaseError;
}  // namespace mm::storage

namespace mm::session {

class Store {
 public:
  Store(storage::Postgres& postgres, storage::Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  /// A found match on its way to its row.
  struct Arrival {
    MatchFound found;
    std::optional<std::string> bad_roster;  ///< why nobody can play it
    trace::Context trace;                   ///< its events carry this trace
  };
  struct Stored {
    Match match;
    bool fresh = false;   ///< false: the row was there before
    std::string refused;  ///< why it was born cancelled, for the log; empty if it lives
  };
  /// Leaves a row for each found match, by match_id, all in one transaction: living, or born cancelled (bad roster,
  /// older than `age_limit`, or a player who is in another live match). One result per arrival, in order. Of two
  /// arrivals that share a player the first one gets the player.
  Reply<std::vector<Stored>> store_found(const std::vector<Arrival>& arrivals, Milliseconds age_limit,
                                         Deadline deadline);

  Reply<std::optional<Match>> find(MatchId match, Deadline deadline);
  Reply<std::optional<Match>> find_live(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Matches without a server, the first found first.
  Reply<std::vector<Match>> waiting(int most, Deadline deadline);
  /// None: no longer allocating.
  Reply<std::optional<Match>> make_ready(MatchId match, const Allocation& allocation, Deadline deadline);

  struct RecordedHeartbeat {
    std::optional<Match> match;  ///< none: unknown
    bool counted = false;        ///< the match is ready or running
    bool started = false;        ///< by this heartbeat it is running
  };
  Reply<RecordedHeartbeat> record_heartbeat(MatchId match, bool running, Deadline deadline);

  struct Judged {
    Match match;
    Verdict verdict = Verdict::accept;
    MatchStatus before = MatchStatus::running;  ///< with accept: what it ended from
  };
  /// Completes the match, or cancels it if the report voids it. The report has been checked against the match, whose
  /// row was seen before.
  Reply<Judged> complete(MatchId match, const Report& report, Deadline deadline);

  /// The newest ends of the player's matches within kRecentTime, the latest last.
  Reply<std::vector<Match>> recent(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Waiting longer than `limit`, or silent longer than `limit` (by the database's clock).
  Reply<std::vector<Match>> unserved(Milliseconds limit, int most, Deadline deadline);
  Reply<std::vector<Match>> silent(Milliseconds limit, int most, Deadline deadline);
  /// Cancels one of them if it still is; none otherwise.
  Reply<std::optional<Match>> cancel_unserved(const Match& match, Milliseconds limit, Deadline deadline);
  Reply<std::optional<Match>> cancel_silent(const Match& match, Milliseconds limit, Deadline deadline);

  /// Ended, and their server is not given back yet.
  Reply<std::vector<MatchId>> unreleased(int most, Deadline deadline);
  Reply<Done> mark_released(MatchId match, Deadline deadline);

  /// Deletes matches that ended longer ago than `keep`, some at a time; how many.
  Reply<int> prune(Milliseconds keep, Deadline deadline);
  /// Deletes what recent() no longer tells.
  Reply<Done> prune_recent(Deadline deadline);

 private:
  enum class Overdue { unserved, silent };
  Reply<std::vector<Match>> overdue(Overdue kind, Milliseconds limit, int most, Deadline deadline);
  Reply<std::optional<Match>> cancel_overdue(Overdue kind, const Match& match, Milliseconds limit, Deadline deadline);

  storage::Postgres& postgres_;
  storage::Outbox& outbox_;
};

}  // namespace mm::session
