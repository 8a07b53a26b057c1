// Entering and leaving the queue: the checks that are lobby's to make, and the request to matchmaker that follows
// when they hold. Pure; ratings come from the read model as it is now.
#pragma once

#include <optional>

#include "common/contracts/lobby.h"
#include "common/contracts/modes.h"
#include "common/contracts/problem.h"
#include "services/lobby/core/party.h"
#include "services/lobby/core/rating_view.h"

namespace mm::lobby {

/// What every entry is decided with.
struct QueueContext {
  const ModeTable& modes;
  const RatingView& ratings;
  TimePoint now;  ///< when the players are rated: certainty fades with time
};

/// Who asks, and under which ticket the entry will stand.
struct EntryRequest {
  Tenant tenant;
  PlayerId player;
  TicketId ticket_id;
};

/// The leader queues the party: 403 not_leader; 422 unknown_mode, invalid_team_size, party_too_large,
/// party_spread_too_wide; 409 already_queued (with the ticket), in_match, member_absent, not_all_ready. Who asks is
/// there.
Reply<Enqueue> enter_queue(const PartyState& party, const EntryRequest& entry, const EnterQueue& wishes,
                           const QueueContext& context);

/// A player queues alone: 422 as above; 409 in_party in a party of more than one. The ticket of who is in a party of
/// one is that party's: nobody can join it meanwhile, and it ends when they leave.
Reply<Enqueue> enter_queue_alone(const std::optional<PartyState>& party, const EntryRequest& entry,
                                 const EnterQueue& wishes, const QueueContext& context);

/// The ticket as clients see it, just queued.
Ticket ticket_of(const Enqueue& request, const Enqueued& answer, const ModeTable& modes, TimePoint now);

/// A ticket as it is read to decide who may cancel it.
struct TicketOwners {
  std::vector<PlayerId> players;
  std::optional<PartyId> party_id;
};

/// Its player, or, of a party's ticket, the leader. 404 for others. `party`: absent when it was disbanded.
Reply<Done> may_cancel(const TicketOwners& ticket, const std::optional<PartyState>& party, PlayerId caller);

/// The party's ticket: 403 not_leader; 404 not_queued. One that is matched is asked for all the same: matchmaker
/// answers already_matched and remembers that it is no longer wanted, should the match be cancelled.
Reply<TicketId> ticket_to_cancel(const PartyState& party, PlayerId caller);

}  // namespace mm::lobby
