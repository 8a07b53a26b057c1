// Stores the presence of players and the timers of this service in the Redis "queue" (store.h lists the keys), and
// reads the gateways' record of open sockets in the Redis "cache". Thread-safe.
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

class PresenceStore {
 public:
  using ModeGraces = std::vector<std::pair<Mode, Milliseconds>>;
  struct Graces {
    Milliseconds party;
    ModeGraces tickets;
  };
  /// What happens to a grace period that has already begun.
  enum class RunningGrace { restart, keep };
  struct SocketChange {
    Tenant tenant;
    PlayerId player;
    TimePoint at;
    RunningGrace running_grace = RunningGrace::restart;
  };

  /// A timer that is due.
  struct Due {
    enum class Kind { member, ticket, invite };
    Kind kind = Kind::member;
    PlayerId player;
    std::optional<TicketId> ticket_id;  ///< set for a ticket
    std::optional<PartyId> party_id;    ///< set for an invite
    std::string entry;                  ///< the member of the zset
  };

  struct Member {
    PlayerId player;
    PartyId party;
    Presence presence = Presence::unseen;
  };
  struct Page {
    std::string next;  ///< the cursor of the next page; "0": this was the last one
    std::vector<Member> members;
  };

  PresenceStore(storage::Redis& queue, storage::Redis& cache) : redis_(queue), cache_(cache) {}

  /// Whether each of these players has an open socket, by the gateways' record; none if the cache does not answer.
  std::optional<std::vector<bool>> connected(const Tenant& tenant, const std::vector<PlayerId>& players,
                                             Deadline deadline);
  std::optional<bool> is_connected(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// Starts the grace periods of a player without a socket: for the party, and for the queued ticket. Returns the
  /// party.
  Reply<std::optional<PartyId>> start_graces(const SocketChange& change, const Graces& graces, Deadline deadline);
  /// Ends the grace periods of a player who has a socket again. Returns the party.
  Reply<std::optional<PartyId>> cancel_graces(const Tenant& tenant, PlayerId player, Deadline deadline);

  /// `has_due`: a timer is due now.
  struct TenantActivity {
    Tenant tenant;
    bool has_members = false;
    bool has_due = false;
  };
  Reply<Done> add_tenant(const Tenant& tenant, Deadline deadline);
  /// The tenants with a party or a timer. Removes tenants without; the next party or timer adds them again.
  Reply<std::vector<TenantActivity>> active_tenants(TimePoint now, Deadline deadline);

  /// Claims up to `limit` due timers. A timer that is not finished by finish_due() is due again at `again`.
  Reply<std::vector<Due>> claim_due(const Tenant& tenant, TimePoint now, TimePoint again, int limit, Deadline deadline);
  Reply<Done> finish_due(const Tenant& tenant, const Due& due, TimePoint again, Deadline deadline);

  Reply<Page> members(const Tenant& tenant, const std::string& cursor, Deadline deadline);

 private:
  Reply<bool> is_empty(const Tenant& tenant, Deadline deadline);

  storage::Redis& redis_;
  storage::Redis& cache_;
};

}  // namespace mm::lobby
