// Who is there and what is due, as kept in the Redis "queue" (the keys stand in store.h), and the gateways' record of
// open sockets in the Redis "cache". Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/storage/redis.h"
#include "services/lobby/core/party.h"

namespace mm::lobby {

/// Whether players are there, and what time does: graces that end, invitations that expire.
class PresenceStore {
 public:
  using ModeGraces = std::vector<std::pair<Mode, Milliseconds>>;
  struct Graces {
    Milliseconds party;
    ModeGraces tickets;
  };
  /// Of a grace that runs already.
  enum class RunningGrace { restart, keep };
  struct SocketChange {
    Tenant tenant;
    PlayerId player;
    TimePoint at;
    RunningGrace running_grace = RunningGrace::restart;
  };

  struct Due {
    enum class Kind { member, ticket, invite };
    Kind kind = Kind::member;
    PlayerId player;
    std::optional<TicketId> ticket_id;  ///< of ticket
    std::optional<PartyId> party_id;    ///< of invite
    std::string entry;                  ///< as stored
  };

  struct Member {
    PlayerId player;
    PartyId party;
    Presence presence = Presence::unseen;
  };
  struct Page {
    std::string next;  ///< "0": that was the end
    std::vector<Member> members;
  };

  PresenceStore(storage::Redis& queue, storage::Redis& cache) : redis_(queue), cache_(cache) {}

  /// Which of these players have an open socket, as the gateways record it; nothing while the cache is down.
  std::optional<std::vector<bool>> connected(const Tenant& tenant, const std::vector<PlayerId>& players,
                                             Deadline deadline);
  std::optional<bool> is_connected(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Notes the graces of a player without a socket, of their party and of their waiting ticket. Answers the party.
  Reply<std::optional<PartyId>> start_graces(const SocketChange& change, const Graces& graces, Deadline deadline);
  Reply<std::optional<PartyId>> cancel_graces(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Those where somebody is in a party or something is due, and whether something is due now.
  struct TenantActivity {
    Tenant tenant;
    bool has_members = false;
    bool has_due = false;
  };
  Reply<Done> add_tenant(const Tenant& tenant, Deadline deadline);
  /// Forgets tenants that have nothing; the next party or grace makes them known again.
  Reply<std::vector<TenantActivity>> active_tenants(TimePoint now, Deadline deadline);

  /// What is due, up to `most`, each to one taker. What is not reported `finished` comes again at `again`.
  Reply<std::vector<Due>> claim_due(const Tenant& tenant, TimePoint now, TimePoint again, int most, Deadline deadline);
  Reply<Done> finish_due(const Tenant& tenant, const Due& due, TimePoint again, Deadline deadline);

  Reply<Page> members(const Tenant& tenant, const std::string& cursor, Deadline deadline);

 private:
  Reply<bool> is_empty(const Tenant& tenant, Deadline deadline);

  storage::Redis& redis_;
  storage::Redis& cache_;
};

}  // namespace mm::lobby
