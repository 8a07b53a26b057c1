// Handlers of the requests about parties: each applies a rule (party_changes.h) and notifies the members.
#pragma once

#include "common/bus/bus.h"
#include "services/lobby/party_changes.h"
#include "services/lobby/presence_store.h"

namespace mm::lobby {

/// The player for whom the request is made; 403 for other callers.
Reply<PlayerId> require_player(const Caller& caller);

class Parties {
 public:
  struct Parts {
    PartyStore& store;
    PresenceStore& presence;
    PartyChanges& changes;
    PartyNotifier& notifier;
    Metrics& metrics;
    const Clock& clock;
  };

  explicit Parties(const Parts& parts) : parts_(parts) {}

  Reply<Party> create(const CreateParty& request, const bus::Context& context);
  Reply<Party> get(const GetParty& request, const bus::Context& context);
  Reply<Party> join(const JoinParty& request, const bus::Context& context);
  Reply<Empty> leave(const LeaveParty& request, const bus::Context& context);
  Reply<ReadyState> ready(const SetReady& request, const bus::Context& context);
  Reply<Party> kick(const KickPlayer& request, const bus::Context& context);
  Reply<Party> promote(const PromotePlayer& request, const bus::Context& context);
  Reply<Empty> chat(const SendChat& request, const bus::Context& context);

 private:
  struct Leaver {
    PlayerId player;
    bool kicked = false;
  };
  template <class Decide>
  Reply<Applied> depart(PartyId party, const Leaver& leaver, const bus::Context& context, Decide decide);
  void notify_departed(const Tenant& tenant, const Applied& applied, const Leaver& leaver);

  bool is_connected(const bus::Context& context, PlayerId player);

  Parts parts_;
};

}  // namespace mm::lobby
