// The ticket as the planner knows it: a party of one or more players that is never split. Plain values. Times are
// bucket time (milliseconds of the queue's own clock), set by the code that loads the ticket.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/id.h"
#include "common/contracts/matchmaker.h"

namespace mm::matching {

/// Bucket time in milliseconds. Only differences have a meaning.
using BucketMs = std::int64_t;

/// A ticket as the queue stores it. The pool uses `change` and `attempt` only to decide whether a ticket is newer than
/// the one it holds: one with a smaller `change` is outdated and is ignored. The planner uses neither.
struct PoolTicket {
  TicketId id;
  int attempt = 0;
  std::int64_t change = 0;
  std::optional<PartyId> party;
  std::vector<TicketPlayer> players;   ///< 1 to team_size players; ratings and deviations in points, kept in hundredths
  BucketMs queued_at = 0;              ///< kept when a ticket is queued again, so that its age is kept
  BucketMs deadline = 0;               ///< from this time on the ticket is expired and never matched
  std::optional<Latencies> latencies;  ///< by region, the highest of its players; absent: may play anywhere at once
};

}  // namespace mm::matching
