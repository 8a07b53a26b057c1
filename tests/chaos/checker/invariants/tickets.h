// What several checks of tickets and matches know about a ticket.
#pragma once

#include <optional>
#include <vector>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {

/// When an acknowledged ticket was queued for the first time: not before its first attempt began and not after its
/// first acknowledgement. Wall milliseconds.
struct QueuedBetween {
  std::int64_t earliest = 0;
  std::int64_t latest = 0;
  Index acknowledged = kNone;  ///< the call of the first acknowledgement
};
std::optional<QueuedBetween> queued_between(const Run& run, const TicketStory& story);

/// The ticket's deadline lies between these, after its last requeue if there was one. Nothing if its mode is unknown.
struct DeadlineBetween {
  std::int64_t earliest = 0;
  std::int64_t latest = 0;
};
std::optional<DeadlineBetween> deadline_between(const Run& run, const TicketStory& story);

/// The players of the ticket as the platform stored or published them, sorted. Empty: unknown. What the leader of a
/// party believes about its members may be out of date, so of requests only those of single players count.
std::vector<Symbol> players_of(const Run& run, const TicketStory& story);

/// The invoke line and the answer of the first acknowledgement, and the ticket's key in Redis.
std::vector<Where> lines_of(const Run& run, const TicketStory& story);

const TicketKey* key_of(const Run& run, const TicketStory& story);

/// Whether the run shows what became of tickets.
bool shows_tickets(const Run& run);

}  // namespace mm::chaos
