// Stores parties, memberships and invitations in the Redis "queue". Only this file, presence_store.h and scripts/ know
// the keys of this service. Thread-safe.
//
//   mm:{T}:party:<id>       hash   leader, region, max_size, public, version, created_at, ticket_id (may be empty);
//                                  m:<player> = "<joined_at ms>|<ready 0 or 1>|<username>"; s:<player> = presence of a
//                                  member who had a socket; i:<player> = an invitation, "<from>|<until ms>|<username>";
//                                  k:<player> = end of the ban of a kicked player, ms
//   mm:{T}:member           hash   player -> party
//   mm:{T}:invite:<player>  hash   party -> the invitation, with the same text as in the party
//   mm:{T}:party_due        zset   timers -> due time, ms: member:<player> and ticket:<player> (end of the grace period
//   of a
//                                  player without a socket), invite:<party>:<player> (end of an invitation)
//   mm:{T}:away_ticket      hash   player -> the ticket whose grace period has begun
//   mm:{lobby}:party_tenants  set  the tenants that have a party or a timer
//
// Lobby also reads the tenant's ticket:<id>, claim and live (common/protocol/README.md) and, in the Redis "cache",
// mm:{T}:presence:<player>, which exists while the player has an open socket.
//
// A caller reads a party, decides, and writes with one script, which writes nothing if the version of the party has
// changed since; then the caller reads and decides again. A script makes all writes of a change or none.
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

/// A party, its ticket, and the hash fields from which it was read; a change writes the difference to these fields.
struct StoredParty {
  PartyState state;
  TicketFacts ticket;
  std::optional<TicketId> ticket_id;  ///< as stored, also if the ticket has ended
  std::map<std::string, std::string> fields;
};

struct PartyLookup {
  std::optional<StoredParty> party;
  std::optional<PartyId> caller_party;
};

/// `changed`: the version of the party has changed, and nothing was written.
enum class Commit { done, changed };

/// The member who leaves, and the reason with which the queued ticket of the party is closed.
struct Departing {
  PlayerId player;
  CloseReason reason = CloseReason::member_left;
};

struct Departure {
  Commit commit = Commit::done;
  TicketFacts ticket;  ///< the party's ticket after the departure
};

class PartyStore {
 public:
  explicit PartyStore(storage::Redis& redis) : redis_(redis) {}

  /// All methods fail with `unavailable` if Redis does not answer. create() and change() may also fail with the
  /// refusals that only their scripts can detect: already_in_party, already_queued, too_many_invites.
  Reply<PartyLookup> find(const Tenant& tenant, PartyId party, std::optional<PlayerId> caller, Deadline deadline);
  /// The party of the player.
  Reply<PartyLookup> find_of(const Tenant& tenant, PlayerId player, Deadline deadline);

  Reply<Commit> create(const Tenant& tenant, const PartyState& party, Deadline deadline);
  /// `joiner`: the member who is in `after` but not in `before`.
  Reply<Commit> change(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                       std::optional<PlayerId> joiner, Deadline deadline);
  /// `leaver`: the member who is in `before` but not in `after`. Closes the queued ticket of the party.
  Reply<Departure> depart(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                          const Departing& leaver, Deadline deadline);

  /// The parties of these players, each once.
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
