// Generation store: which generation the queue is in, whether it was verified in this process of redis-server, and how
// a queue that went back is brought in line with session's matches. Keys and scripts are described in
// common/protocol/README.md. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/queue_generation.h"
#include "common/storage/redis.h"
#include "services/matchmaker/queue/bucket.h"

namespace mm::matchmaker {

/// What Redis "queue" says about itself.
struct GenerationRead {
  std::string run;           ///< the process of redis-server (`run_id`), which differs after each start
  std::string verified_run;  ///< the process in which the queue was last verified
  std::optional<QueueGeneration> generation;  ///< none: the queue is new, or lost everything

  /// Whether an instance has verified the queue since redis-server was started.
  bool verified() const { return generation && verified_run == run; }
};

/// A verified queue: what the scripts that create matches and leases compare.
struct VerifiedQueue {
  std::string run;
  std::int64_t number = 0;  ///< of the generation
};

class GenerationStore {
 public:
  explicit GenerationStore(storage::Redis& redis) : redis_(redis) {}

  /// For a pipeline with other commands.
  static storage::RedisCommand read_command();
  static storage::RedisResult<GenerationRead> parse(const storage::RedisReply& reply);
  storage::RedisResult<GenerationRead> read(Deadline deadline);

  /// All instances that verify the queue in the same process of redis-server get the same values, until one of them has
  /// adopted a generation.
  struct Verification {
    std::string run;
    BucketMs since = 0;                         ///< when it began, by Redis's clock
    GenerationId next_id;                       ///< of the generation that begins if the queue went back
    std::optional<QueueGeneration> generation;  ///< of the queue, when this call read it
  };
  storage::RedisResult<Verification> begin_verification(GenerationId fresh, Deadline deadline);
  /// Whether no instance has ended this verification, and the queue was neither replaced nor emptied since it began.
  storage::RedisResult<bool> is_open(const Verification& verification, Deadline deadline);
  /// Ends the verification: matches may be committed. Returns false if the queue was replaced or emptied meanwhile, or
  /// if another instance has adopted a generation.
  storage::RedisResult<bool> adopt(const Verification& verification, const QueueGeneration& generation,
                                   Deadline deadline);
  /// Raises the mark by one. Returns false if `generation` is not the current one with its mark.
  storage::RedisResult<bool> raise_mark(const QueueGeneration& generation, Deadline deadline);

  /// Makes the matches live, in one round trip; idempotent. Returns how many were not live before.
  storage::RedisResult<std::int64_t> restore(const std::vector<MatchFound>& matches, Deadline deadline);
  /// From now on, tickets of the tenant that were matched before this time are not queued again. Returns its buckets,
  /// each with the change number 0, for end_old_tickets().
  using Cursors = std::map<std::string, std::int64_t>;
  storage::RedisResult<Cursors> begin_reset(const Tenant& tenant, BucketMs before, Deadline deadline);
  /// Ends tickets that were queued before this time, some of the first few buckets, in one round trip. Advances the
  /// cursors, and removes those of buckets that have no more tickets.
  storage::RedisResult<Done> end_old_tickets(const Tenant& tenant, BucketMs before, Cursors& cursors,
                                             Deadline deadline);

 private:
  storage::Redis& redis_;
};

}  // namespace mm::matchmaker
