// The table of allocations: the only SQL of this service. Thread-safe; each method is one transaction and may be run
// again.
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
    Place place;  ///< of an allocated one
  };
  Reply<std::optional<Row>> find(MatchId match, Deadline deadline);

  enum class ClaimResult {
    claimed,
    match_known,  ///< the match has a row
    slot_taken,   ///< the slot belongs to another match
  };
  Reply<ClaimResult> insert(MatchId match, const Place& place, Deadline deadline);
  /// To another server, if it is still allocated on `from`.
  Reply<ClaimResult> move(MatchId match, ServerId from, const Place& to, Deadline deadline);

  /// Leaves a tombstone, whether or not the match was ever allocated. The server it was on until now, if any.
  Reply<std::optional<ServerId>> release(MatchId match, Deadline deadline);

  Reply<std::vector<AllocatedMatch>> allocated(Deadline deadline);
  /// AllocatedMatch matches nobody has asked session about for `age`; they count as asked about now.
  Reply<std::vector<MatchId>> due_for_check(Milliseconds age, int most, Deadline deadline);
  Reply<int> prune(Milliseconds keep, Deadline deadline);

 private:
  storage::Postgres& postgres_;
};

}  // namespace mm::orchestrator
