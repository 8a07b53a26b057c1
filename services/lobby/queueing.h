// The requests about the queue. Lobby checks party, leadership, readiness and sizes, stamps the ratings, and asks
// matchmaker, whose script checks the party's version in the same step that queues the ticket: equal version, same
// members and readiness.
#pragma once

#include "common/bus/bus.h"
#include "common/runtime/live_modes.h"
#include "services/lobby/core/queue.h"
#include "services/lobby/metrics.h"
#include "services/lobby/party_notifier.h"
#include "services/lobby/store.h"

namespace mm::lobby {

class Queueing {
 public:
  /// What a request needs from the rest of the service; all of it lives longer.
  struct Parts {
    bus::Bus& bus;
    PartyStore& store;
    PartyNotifier& notifier;
    Metrics& metrics;
    const Clock& clock;
    const runtime::LiveModes& modes;
    const RatingView& ratings;
  };

  explicit Queueing(const Parts& parts) : parts_(parts) {}

  /// Idempotent by ticket_id: the same ticket again is answered again.
  Reply<Ticket> enter(const EnterQueue& wishes, const bus::Context& context);
  Reply<CancelledTicket> leave(const LeaveQueue& request, const bus::Context& context);

 private:
  Reply<Ticket> enter_alone(const EnterQueue& wishes, const EntryRequest& entry, const bus::Context& context);
  Reply<Ticket> enter_party(const EnterQueue& wishes, const EntryRequest& entry, const bus::Context& context);
  /// Again, as long as the party changes between the look at it and the entry.
  template <class Attempt>
  Reply<Ticket> retry_on_change(Attempt attempt);
  Reply<Ticket> queue_party(const PartyState& party, const EnterQueue& wishes, const EntryRequest& entry,
                            const bus::Context& context);
  Reply<Ticket> enqueue(const Enqueue& request, const bus::Context& context);
  Reply<CancelledTicket> leave_ticket(TicketId ticket, const bus::Context& context);
  Reply<CancelledTicket> leave_party(PartyId party, const bus::Context& context);

  Parts parts_;
};

}  // namespace mm::lobby
