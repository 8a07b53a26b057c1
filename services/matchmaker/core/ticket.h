// What matching knows of a ticket: a party of one or more players that is never split. Plain values; times are
// bucket time (milliseconds of the queue's own clock), handed in by whoever loads the ticket.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/id.h"
#include "common/contracts/matchmaker.h"

namespace mm::matchmaker {

/// Bucket time in milliseconds. Only differences matter.
using BucketMs = std::int64_t;

/// A ticket as the queue stores it. `attempt` and `change` are the queue's own numbers, carried along unread but
/// for one rule: a ticket offered with a smaller `change` than the pool already holds is old news.
struct PoolTicket {
  TicketId id;
  int attempt = 0;
  std::int64_t change = 0;
  std::optional<PartyId> party;
  std::vector<TicketPlayer> players;   ///< 1 to team_size; ratings and deviations in points, kept in hundredths
  BucketMs queued_at = 0;              ///< a requeued ticket keeps its own, so it keeps its age
  BucketMs deadline = 0;               ///< from then on the ticket is expired, never matched
  std::optional<Latencies> latencies;  ///< its worst member's, by region; absent: may play anywhere at once
};

}  // namespace mm::matchmaker
