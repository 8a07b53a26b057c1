// Reads tickets that a poll has found into their buckets, and corrects the times of tickets that were stamped while
// Redis's clock had jumped. Used by the tick thread only; not thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/owner/partition.h"
#include "services/matchmaker/queue/owner_store.h"

namespace mm::matchmaker {

/// A ticket that a poll has found in a bucket.
struct FoundTicket {
  Partition* partition;
  BucketState* bucket;
  TicketId ticket;
};

class TicketLoader {
 public:
  TicketLoader(OwnerStore& store, Metrics& metrics) : store_(store), metrics_(metrics) {}

  /// If the tickets cannot be read, their buckets are read anew.
  storage::RedisResult<Done> load(const std::vector<FoundTicket>& found);

 private:
  std::optional<RestampRequest> correct(const FoundTicket& at, TicketRecord& ticket) const;

  OwnerStore& store_;
  Metrics& metrics_;
};

}  // namespace mm::matchmaker
