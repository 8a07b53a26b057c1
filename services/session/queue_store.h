// What session stores and reads for the matchmaker, so that an empty or older Redis "queue" is noticed and brought in
// line: the generation of the queue, and the matches that are not over. Thread-safe.
#pragma once

#include "common/contracts/problem.h"
#include "common/contracts/queue_generation.h"

namespace mm::storage {
class Postgres;
}

namespace mm::session {

class QueueStore {
 public:
  explicit QueueStore(storage::Postgres& postgres) : postgres_(postgres) {}

  /// Stores the generation if it follows the stored one (RecordGeneration). Returns what is stored then.
  Reply<RecordedGeneration> record(const std::optional<QueueGeneration>& generation, Deadline deadline);
  Reply<OpenMatches> open_matches(std::optional<MatchId> after, Deadline deadline);

 private:
  storage::Postgres& postgres_;
};

}  // namespace mm::session
