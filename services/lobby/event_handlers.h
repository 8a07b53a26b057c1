// What the streams tell lobby: tickets that closed or search again, and matches that were found or have ended. The
// facts stand in Redis already, or in session; here parties are brought up to them and players hear of them.
//
// Every handler is idempotent: a party is only touched while its own ticket is over, or in that match, and the version
// guards the write. A second delivery finds nothing to do. Frames about events older than kMaxFrameAge (a stream read
// again from 15 minutes back) are not sent: `welcome` has told those players the state long since.
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
    std::vector<TicketId> requeue;  ///< these search again
  };
  Reply<Done> settle_party(const Tenant& tenant, PartyId party, const std::optional<Ended>& ended);
  bus::Ack settle_parties(const Tenant& tenant, const std::vector<PlayerId>& players,
                          const std::optional<Ended>& ended);
  bool is_recent(const bus::EventInfo& info) const;

  Parts parts_;
  bus::Consumer tickets_;  // last: gone first, so that no callback meets a dead member
  bus::Consumer matches_;
};

}  // namespace mm::lobby
