// Handlers of the requests about invitations. Redis has an invitation at its party and at the invited player, so a
// player who was offline gets it in `welcome`. It ends when it is accepted, declined or withdrawn, when it expires, or
// when the party is disbanded.
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
  Reply<Empty> end(const RemoveInvitation& request, const bus::Context& context);

  /// Ends an invitation that has expired. Idempotent: does nothing if the invitation has ended or was renewed.
  Reply<Done> expire(const Tenant& tenant, PartyId party, PlayerId guest, Deadline deadline);

 private:
  Reply<Done> require_player_exists(const Tenant& tenant, PlayerId player, Deadline deadline);

  Parts parts_;
};

}  // namespace mm::lobby
