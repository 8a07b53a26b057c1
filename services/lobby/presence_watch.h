// What time does in this service: members and searching players who lost their last socket are waited for, and
// invitations expire.
//
// When the last socket of a party's member closes, members see it at once; after kAbsenceGrace (core/party.h) the
// member is absent: not ready, and not the leader any more if somebody else is there. When a player's last socket
// closes while they are queued, their ticket is cancelled unless they are back before the mode's grace ends. Players
// who never had a socket are left alone.
//
// presence.changed is a plain event of which one lobby gets each; the NATS thread only hands it over. One thread works
// through them and looks every kSweepInterval for what is due. What is due stands in Redis, so any lobby can finish
// what another began. While Redis or matchmaker is down, both wait.
//
// The gateways' record of open sockets in the Redis cache decides, events are hints: they may be lost, overtake each
// other, or never be sent by a gateway that died. So the record is read when an event comes and before a grace ends
// (while it cannot be read, nobody becomes absent), and members of parties are compared with it page by page, for ever.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

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
  /// What one lobby took up and never reported as finished is taken up by another after this.
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
  bool record_socket(const PresenceStore::SocketChange& player, bool connected);
  void show_in_party(const Tenant& tenant, PartyId party, PlayerId player, bool connected);

  void sweep();
  /// False: not now, a part does not answer.
  bool sweep_due(const Tenant& tenant);
  bool handle_due(const Tenant& tenant, const Due& due);
  bool end_party_grace(const Tenant& tenant, PlayerId player);
  bool end_ticket_grace(const Tenant& tenant, const Due& due);
  void reconcile_page(const std::vector<PresenceStore::TenantActivity>& tenants);

  Parts parts_;
  Tenant reconciled_tenant_;  ///< whose members are being compared with the record
  std::string cursor_ = "0";  ///< where in them
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PresenceChanged> events_;  // protected by mutex_, like the next
  bool stopping_ = false;
  std::thread thread_;
  std::unique_ptr<bus::Subscription> subscription_;  // last: gone first
};

}  // namespace mm::lobby
