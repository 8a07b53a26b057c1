// What lobby keeps in the Redis "queue": parties, who is in which, and who has gone away while queued. The only place
// of this service that knows keys and scripts. Thread-safe.
//
//   mm:{T}:party:<id>   hash   leader, region, max_size, public, version, created_at, ticket_id ('' without one);
//                              m:<player> = "<joined_at ms>|<ready 0 or 1>|<username>"; i:<player> = invited until, ms
//   mm:{T}:member       hash   player -> party
//   mm:{T}:away         zset   player -> when their grace ends, ms;  mm:{T}:away_ticket  hash  player -> ticket
//
// It reads beside them: ticket:<id>, claim and live of the tenant, and mm:tenants, the tenants that have ever queued
// (common/protocol/README.md); in the Redis "cache", mm:{T}:presence:<player>, which is there while a socket is open.
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
  std::optional<PartyId> asker_is_in;
};

enum class Commit { done, changed, already_in_party };

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

  /// Every failure here is `unavailable`: the queue's Redis does not answer.
  Reply<PartyLookup> find(const Tenant& tenant, PartyId party, std::optional<PlayerId> asks, Deadline deadline);
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
  Reply<std::vector<PartyId>> parties_of(const Tenant& tenant, const std::vector<PlayerId>& players,
                                         Deadline deadline);
  Reply<std::optional<TicketOwners>> owners_of(const Tenant& tenant, TicketId ticket, Deadline deadline);

 private:
  Reply<PartyLookup> read(const Tenant& tenant, storage::Arguments arguments, Deadline deadline);

  storage::Redis& redis_;
};

/// Players who closed their last socket while they were queued.
class AwayStore {
 public:
  using Graces = std::vector<std::pair<Mode, Milliseconds>>;
  struct Away {
    PlayerId player;
    std::optional<TicketId> ticket_id;
  };

  AwayStore(storage::Redis& queue, storage::Redis& cache) : redis_(queue), cache_(cache) {}

  /// Notes the player's waiting ticket with the end of the grace its mode gives; false without a waiting ticket.
  Reply<bool> note(const Tenant& tenant, PlayerId player, const Graces& graces, TimePoint now, Deadline deadline);
  Reply<Done> back(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Those where somebody may be away: all that have ever queued.
  Reply<std::vector<Tenant>> tenants(Deadline deadline);
  /// Those whose grace has ended, up to `most`, each to one taker. Who is not reported `dealt_with` comes again at
  /// `again`.
  Reply<std::vector<Away>> take(const Tenant& tenant, TimePoint now, TimePoint again, int most, Deadline deadline);
  Reply<Done> dealt_with(const Tenant& tenant, const Away& away, Deadline deadline);

  /// The gateways hold a socket of the player. While the cache is down, nobody is seen.
  bool is_connected(const Tenant& tenant, PlayerId player, Deadline deadline);

 private:
  storage::Redis& redis_;
  storage::Redis& cache_;
};

}  // namespace mm::lobby
