// Handles the events of the streams TICKET and MATCH: tickets that closed or were queued again, matches that were found
// or have ended. The facts are in Redis or at session already; the handlers update the parties and notify the players.
//
// Every handler is idempotent: it changes a party only if the party's ticket has ended or is in that match, and the
// write is guarded by the version. A second delivery changes nothing. No frames are sent for events older than
// kMaxFrameAge, which occur when a stream is read again from 15 minutes back: the players have the state from
// `welcome`.
#pragma once

#include "common/bus/consumer.h"
#include "common/contracts/frames.h"
#include "services/lobby/party_changes.h"

namespace mm::lobby {

class EventHandlers {
 public:
  static constexpr Milliseconds kMaxFrameAge{60'000};

  struct Parts {
    bus::Bus& bus;
    PartyStore& store;
    PartyChanges& changes;
    PartyNotifier& notifier;
    Metrics& metrics;
    const Clock& clock;
    metrics::Registry& registry;
  };

  explicit EventHandlers(const Parts& parts);

  void start();

 private:
  bus::Ack on(const TicketClosed& event, const bus::EventInfo& info);
  bus::Ack on(const TicketRequeued& event, const bus::EventInfo& info);
  bus::Ack on(const MatchFound& event, const bus::EventInfo& info);
  bus::Ack on(const MatchCompleted& event, const bus::EventInfo& info);
  bus::Ack on(const MatchCancelled& event, const bus::EventInfo& info);

  struct Ended {
    MatchId match_id;
    std::vector<TicketId> requeue;  ///< tickets that are queued again
  };
  Reply<Done> settle_party(const Tenant& tenant, PartyId party, const std::optional<Ended>& ended);
  bus::Ack settle_parties(const Tenant& tenant, const std::vector<PlayerId>& players,
                          const std::optional<Ended>& ended);
  bool is_recent(const bus::EventInfo& info) const;

  Parts parts_;
  bus::Consumer tickets_;  // last, so that no callback runs when other members are destroyed
  bus::Consumer matches_;
};

}  // namespace mm::lobby
