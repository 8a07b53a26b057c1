// Handlers of the requests to enter and leave the queue. Lobby checks the party, its leader, readiness and size, adds
// the ratings, and sends the request to matchmaker. The script of matchmaker that queues the ticket also compares the
// version of the party, so the members and their readiness are still those that lobby checked.
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

  /// Idempotent by ticket_id: a repeated request gets the same answer.
  Reply<Ticket> enter(const EnterQueue& options, const bus::Context& context);
  Reply<CancelledTicket> leave(const LeaveQueue& request, const bus::Context& context);

 private:
  Reply<Ticket> enter_alone(const EnterQueue& options, const EntryRequest& entry, const bus::Context& context);
  Reply<Ticket> enter_party(const EnterQueue& options, const EntryRequest& entry, const bus::Context& context);
  /// Repeats the attempt if the party changed between its check and the entry.
  template <class Attempt>
  Reply<Ticket> retry_on_change(Attempt attempt);
  Reply<Ticket> queue_party(const PartyState& party, const EnterQueue& options, const EntryRequest& entry,
                            const bus::Context& context);
  Reply<Ticket> enqueue(const Enqueue& request, const bus::Context& context);
  Reply<CancelledTicket> leave_ticket(TicketId ticket, const bus::Context& context);
  Reply<CancelledTicket> leave_party(PartyId party, const bus::Context& context);

  Parts parts_;
};

}  // namespace mm::lobby
