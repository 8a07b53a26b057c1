// The lobby's checks before a player or a party enters or leaves the queue, and the request that it sends to matchmaker
// if they pass. Pure, except that ratings are read from the RatingView.
#pragma once

#include <optional>

#include "common/contracts/lobby.h"
#include "common/contracts/modes.h"
#include "common/contracts/problem.h"
#include "services/lobby/core/party.h"
#include "services/lobby/core/rating_view.h"

namespace mm::lobby {

/// The data that every entry is checked against.
struct QueueContext {
  const ModeTable& modes;
  const RatingView& ratings;
  TimePoint now;  ///< the time for which the rating deviations are computed; a deviation grows with time
};

/// The player who wants to enter the queue, and the id of the ticket to create.
struct EntryRequest {
  Tenant tenant;
  PlayerId player;
  TicketId ticket_id;
};

/// The leader queues the party: 403 not_leader; 422 unknown_mode, invalid_team_size, party_too_large,
/// party_spread_too_wide; 409 already_queued (with the ticket), in_match, member_absent, not_all_ready. The leader, who
/// sent the request, counts as present.
Reply<Enqueue> enter_queue(const PartyState& party, const EntryRequest& entry, const EnterQueue& options,
                           const QueueContext& context);

/// A player queues alone: 422 as above; 409 in_party in a party of more than one. The ticket of a player in a party of
/// one belongs to the party: no one can join the party meanwhile, and the ticket ends when the player leaves the party.
Reply<Enqueue> enter_queue_alone(const std::optional<PartyState>& party, const EntryRequest& entry,
                                 const EnterQueue& options, const QueueContext& context);

/// The new ticket as clients see it.
Ticket ticket_of(const Enqueue& request, const Enqueued& answer, const ModeTable& modes, TimePoint now);

/// The players and the party of a ticket: who may cancel it depends on them.
struct TicketOwners {
  std::vector<PlayerId> players;
  std::optional<PartyId> party_id;
};

/// A ticket is cancelled by its player; a party's ticket by the leader. 404 for others. `party`: none if it was
/// disbanded.
Reply<Done> may_cancel(const TicketOwners& ticket, const std::optional<PartyState>& party, PlayerId caller);

/// The ticket of the party: 403 not_leader; 404 not_queued. A matched ticket is returned too: matchmaker answers
/// already_matched and does not queue the ticket again if the match is cancelled.
Reply<TicketId> ticket_to_cancel(const PartyState& party, PlayerId caller);

}  // namespace mm::lobby
