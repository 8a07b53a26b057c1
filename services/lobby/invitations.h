// Invitations into parties. An invitation stands in Redis with its party and with the invited player, so that a player
// who is offline finds it in `welcome`; it ends when it is accepted, declined, withdrawn, when it expires, or with the
// party.
#pragma once

#include "common/bus/bus.h"
#include "services/lobby/party_changes.h"

namespace mm::lobby {

class Invitations {
 public:
  struct Parts {
    bus::Bus& bus;
    PartyStore& store;
    PartyChanges& changes;
    PartyNotifier& notifier;
    Metrics& metrics;
    const Clock& clock;
  };

  explicit Invitations(const Parts& parts) : parts_(parts) {}

  Reply<Party> invite(const InvitePlayer& request, const bus::Context& context);
  Reply<OpenInvitations> list(const GetInvitations& request, const bus::Context& context);
  Reply<Nothing> end(const EndInvitation& request, const bus::Context& context);

  /// The time of an invitation has come. Idempotent: one that is gone, or stands again, is left alone.
  Reply<Done> expire(const Tenant& tenant, PartyId party, PlayerId guest, Deadline deadline);

 private:
  Reply<Done> require_player_exists(const Tenant& tenant, PlayerId player, Deadline deadline);

  Parts parts_;
};

}  // namespace mm::lobby
