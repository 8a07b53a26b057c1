// What lobby keeps in the Redis "queue": parties, who is in which, who is invited, and what is due. The only place of
// this service that knows keys and scripts. Thread-safe.
//
//   mm:{T}:party:<id>       hash   leader, region, max_size, public, version, created_at, ticket_id ('' without one);
//                                  m:<player> = "<joined_at ms>|<ready 0 or 1>|<username>"; s:<player> = presence of a
//                                  member who had a socket; i:<player> = an invitation, "<from>|<until ms>|<username>";
//                                  k:<player> = until when the player must not join, ms
//   mm:{T}:member           hash   player -> party
//   mm:{T}:invite:<player>  hash   party -> the same text as in the party
//   mm:{T}:party_due        zset   what happens when -> ms: member:<player> and ticket:<player> (the grace of who has
//   no
//                                  socket), invite:<party>:<player> (it expires)
//   mm:{T}:away_ticket      hash   player -> the ticket whose grace runs
//   mm:{lobby}:party_tenants  set  the tenants where somebody is in a party or something is due
//
// It reads beside them: ticket:<id>, claim and live of the tenant (common/protocol/README.md); in the Redis "cache",
// mm:{T}:presence:<player>, which is there while a socket is open.
//
// A change is decided on what was read and written by one script, which refuses if the party's version is another now:
// the caller reads and decides again. Nothing is half done: a script does all of a change or none of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/storage/redis.h"
#include "services/lobby/core/party.h"
#include "services/lobby/core/queue.h"

namespace mm::lobby {

/// A party as it stands, what its ticket says, and the fields it was read from: a change is the difference to them.
struct StoredParty {
  PartyState state;
  TicketFacts ticket;
  std::optional<TicketId> ticket_id;  ///< as stored, whatever became of it
  std::map<std::string, std::string> fields;
};

struct PartyLookup {
  std::optional<StoredParty> party;
  std::optional<PartyId> caller_party;
};

/// `changed`: somebody was faster; nothing was written. What speaks against it otherwise is a refusal.
enum class Commit { done, changed };

/// The member that goes, and what their party's waiting ticket ends with.
struct Departing {
  PlayerId player;
  CloseReason reason = CloseReason::member_left;
};

struct Departure {
  Commit commit = Commit::done;
  TicketFacts ticket;  ///< where the party's ticket stands after it
};

class PartyStore {
 public:
  explicit PartyStore(storage::Redis& redis) : redis_(redis) {}

  /// A failure is `unavailable` (the queue's Redis does not answer), or a refusal that only the script can see:
  /// already_in_party, already_queued, too_many_invites.
  Reply<PartyLookup> find(const Tenant& tenant, PartyId party, std::optional<PlayerId> caller, Deadline deadline);
  /// The party the player is in.
  Reply<PartyLookup> find_of(const Tenant& tenant, PlayerId player, Deadline deadline);

  Reply<Commit> create(const Tenant& tenant, const PartyState& party, Deadline deadline);
  /// `joiner`: the member that `after` has more than `before`.
  Reply<Commit> change(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                       std::optional<PlayerId> joiner, Deadline deadline);
  /// `leaver`: the member that `after` has less. Ends the party's waiting ticket.
  Reply<Departure> depart(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                          const Departing& leaver, Deadline deadline);

  /// The parties these players are in, each once.
  Reply<std::vector<PartyId>> parties_of(const Tenant& tenant, const std::vector<PlayerId>& players, Deadline deadline);
  /// The open invitations of the player.
  Reply<std::vector<Invitation>> invitations_of(const Tenant& tenant, PlayerId player, TimePoint now,
                                                Deadline deadline);
  Reply<std::optional<TicketOwners>> owners_of(const Tenant& tenant, TicketId ticket, Deadline deadline);

 private:
  Reply<PartyLookup> read(const Tenant& tenant, storage::Arguments arguments, Deadline deadline);

  storage::Redis& redis_;
};

}  // namespace mm::lobby
