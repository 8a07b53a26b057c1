// Handles lost connections, and the timers of this service: the grace periods of players who lost their last socket,
// and the expiry of invitations.
//
// When the last socket of a party's member closes, the other members see it at once. After kAbsenceGrace (core/party.h)
// the member is absent: not ready, and not the leader if another member is connected. When a player's last socket
// closes while the player is queued, the ticket is cancelled unless the player reconnects before the grace period of
// the mode ends. Players who never had a socket are not affected.
//
// presence.changed is a plain event that is delivered to one lobby instance. The NATS callback only queues it. One
// thread handles the events and claims the due timers every kSweepInterval. Timers are in Redis, so any instance can
// finish what another began. While Redis or matchmaker is down, events and timers wait.
//
// The gateways' record of open sockets in the Redis "cache" is authoritative; events are only hints, because they can
// be lost, arrive in another order, or never be sent by a gateway that died. Therefore the record is read for each
// event and before a grace period ends (while it cannot be read, no one becomes absent), and the members of all parties
// are compared with it continuously, page by page.
#pragma once

#include <deque>
#include <memory>
#include <thread>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "common/contracts/events.h"
#include "common/runtime/live_modes.h"
#include "services/lobby/invitations.h"
#include "services/lobby/party_changes.h"
#include "services/lobby/presence_store.h"

namespace mm::lobby {

class PresenceWatch {
 public:
  static constexpr Milliseconds kSweepInterval{250};
  static constexpr std::size_t kMaxQueuedEvents = 50'000;
  static constexpr int kMaxDuePerSweep = 100;
  /// A timer that an instance claimed but did not finish can be claimed again after this time.
  static constexpr Milliseconds kClaimTimeout{5'000};

  struct Parts {
    bus::Bus& bus;
    PresenceStore& store;
    PartyChanges& changes;
    Invitations& invitations;
    PartyNotifier& notifier;
    const runtime::LiveModes& modes;
    Metrics& metrics;
    const Clock& clock;
  };

  explicit PresenceWatch(const Parts& parts);
  ~PresenceWatch();
  PresenceWatch(const PresenceWatch&) = delete;
  PresenceWatch& operator=(const PresenceWatch&) = delete;

  void start();

 private:
  using Due = PresenceStore::Due;

  void run();
  bool handle_event(const PresenceChanged& event);
  bool record_socket(const PresenceStore::SocketChange& change, bool connected);
  void show_in_party(const Tenant& tenant, PartyId party, PlayerId player, bool connected);

  void sweep();
  /// False: Redis does not answer, so the sweep ends.
  bool sweep_due(const Tenant& tenant);
  bool handle_due(const Tenant& tenant, const Due& due);
  bool end_party_grace(const Tenant& tenant, PlayerId player);
  bool end_ticket_grace(const Tenant& tenant, const Due& due);
  void reconcile_page(const std::vector<PresenceStore::TenantActivity>& tenants);

  Parts parts_;
  Tenant reconciled_tenant_;  ///< the tenant whose members are being compared with the record
  std::string cursor_ = "0";  ///< the next page of them
  Mutex mutex_;
  Condition changed_;
  std::deque<PresenceChanged> events_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
  std::unique_ptr<bus::Subscription> subscription_;  // last, so that its callbacks end first
};

}  // namespace mm::lobby
