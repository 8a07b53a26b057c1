// The allocation table in PostgreSQL; the only SQL of this service. Thread-safe. Each method is one transaction, which
// may be run again.
#pragma once

#include <optional>
#include <vector>

#include "services/orchestrator/provider.h"

namespace mm::storage {
class Postgres;
}

namespace mm::orchestrator {

class Store {
 public:
  explicit Store(storage::Postgres& postgres) : postgres_(postgres) {}

  struct Row {
    bool released = false;
    Place place;  ///< unset if released
  };
  Reply<std::optional<Row>> find(MatchId match, Deadline deadline);

  enum class ClaimResult {
    claimed,
    match_known,  ///< the match has a row
    slot_taken,   ///< the slot belongs to another match
  };
  Reply<ClaimResult> insert(MatchId match, const Place& place, Deadline deadline);
  /// Moves the match to another server, if it is still allocated on `from`.
  Reply<ClaimResult> move(MatchId match, ServerId from, const Place& to, Deadline deadline);

  /// Leaves a tombstone, even if the match was never allocated. Returns the server of the match, if it was allocated.
  Reply<std::optional<ServerId>> release(MatchId match, Deadline deadline);

  Reply<std::vector<AllocatedMatch>> allocated(Deadline deadline);
  /// Allocated matches that were last checked at least `age` ago, oldest first; marks them as checked now.
  Reply<std::vector<MatchId>> due_for_check(Milliseconds age, int limit, Deadline deadline);
  /// Deletes up to 500 tombstones older than `keep`; returns how many.
  Reply<int> prune(Milliseconds keep, Deadline deadline);

 private:
  storage::Postgres& postgres_;
};

}  // namespace mm::orchestrator
