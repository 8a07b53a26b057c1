// The requests about parties. Each reads the party, lets the rules (core/party.h) decide, writes the decision if the
// party is still the one that was read (else it reads and decides again), and tells members and listeners.
#pragma once

#include "common/bus/bus.h"
#include "services/lobby/metrics.h"
#include "services/lobby/store.h"
#include "services/lobby/teller.h"

namespace mm::lobby {

/// The player a request is made for; 403 for anyone else.
Reply<PlayerId> require_player(const Caller& caller);

/// The whole party to its members, and the event for listeners.
void tell_changed(Teller& teller, const Tenant& tenant, const Party& party);

class Parties {
 public:
  /// A party of ten is changed at most this often while one change is being decided, short of a bug or an attack.
  static constexpr int kAttemptsMax = 24;

  Parties(PartyStore& store, Teller& teller, Metrics& metrics, const Clock& clock)
      : store_(store), teller_(teller), metrics_(metrics), clock_(clock) {}

  Reply<Party> create(const CreateParty& request, const bus::Context& context);
  Reply<Party> get(const GetParty& request, const bus::Context& context);
  Reply<Party> join(const JoinParty& request, const bus::Context& context);
  Reply<Nothing> leave(const LeaveParty& request, const bus::Context& context);
  Reply<ReadyState> ready(const SetReady& request, const bus::Context& context);
  Reply<Party> invite(const InvitePlayer& request, const bus::Context& context);
  Reply<Party> kick(const KickPlayer& request, const bus::Context& context);
  Reply<Party> promote(const PromotePlayer& request, const bus::Context& context);
  Reply<Nothing> chat(const SendChat& request, const bus::Context& context);

 private:
  struct Applied {
    StoredParty before;
    PartyState after;
    bool changed() const { return after.party.version != before.state.party.version; }
  };

  /// `decide(lookup)` gives the party afterwards or a refusal; `write(applied)` commits it, and may correct `after`.
  template <class Decide, class Write>
  Reply<Applied> apply(PartyId party, PlayerId asks, const bus::Context& context, Decide decide, Write write);
  template <class Decide>
  Reply<Applied> change(PartyId party, PlayerId asks, const bus::Context& context, Decide decide);
  struct Leaver {
    PlayerId player;
    bool kicked = false;
  };
  template <class Decide>
  Reply<Applied> depart(PartyId party, PlayerId asks, const Leaver& leaver, const bus::Context& context,
                        Decide decide);
  void tell_departed(const Tenant& tenant, const Applied& applied, const Leaver& leaver);

  PartyStore& store_;
  Teller& teller_;
  Metrics& metrics_;
  const Clock& clock_;
};

}  // namespace mm::lobby
