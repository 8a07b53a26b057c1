#include "services/lobby/presence_watch.h"

#include <cmath>
#include <set>

#include "common/runtime/log.h"

namespace mm::lobby {
namespace {

constexpr Milliseconds kStepTimeout{1'000};
constexpr Milliseconds kCacheTimeout{200};

Deadline step_deadline() { return Deadline::after(kStepTimeout); }

PresenceStore::Graces graces_of(const ModeTable& modes) {
  PresenceStore::Graces graces{kAbsenceGrace, {}};
  for (const auto& mode : modes.all()) {
    graces.tickets.emplace_back(mode.id, Milliseconds(std::llround(mode.disconnect_grace_seconds * 1000)));
  }
  return graces;
}

}  // namespace

PresenceWatch::PresenceWatch(const Parts& parts) : parts_(parts) {}

PresenceWatch::~PresenceWatch() {
  subscription_.reset();
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void PresenceWatch::start() {
  thread_ = std::thread([this] { run(); });
  subscription_ = bus::subscribe<PresenceChanged>(parts_.bus, "lobby", [this](const PresenceChanged& event) {
    {
      const MutexLock lock(mutex_);
      if (events_.size() >= kMaxQueuedEvents) return parts_.metrics.presence_dropped.add();
      events_.push_back(event);
    }
    changed_.notify_one();
  });
}

void PresenceWatch::run() {
  auto next_sweep = Deadline::after(kSweepInterval);
  MutexLock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, kSweepInterval, [this]() REQUIRES(mutex_) { return stopping_ || !events_.empty(); });
    bool handled = true;
    while (handled && !stopping_ && !events_.empty()) {
      const PresenceChanged event = events_.front();
      lock.unlock();
      handled = handle_event(event);
      lock.lock();
      if (handled) events_.pop_front();
    }
    // While Redis is down, the event stays at the head of the queue and is tried again.
    if (!handled) changed_.wait_for(lock, kSweepInterval, [this]() REQUIRES(mutex_) { return stopping_; });
    if (stopping_ || !next_sweep.passed()) continue;
    lock.unlock();
    sweep();
    next_sweep = Deadline::after(kSweepInterval);
    lock.lock();
  }
}

/// False: Redis does not answer; try again later.
bool PresenceWatch::handle_event(const PresenceChanged& event) {
  const auto recorded = parts_.store.is_connected(event.tenant, event.player_id, Deadline::after(kCacheTimeout));
  return record_socket({event.tenant, event.player_id, parts_.clock.now()}, recorded.value_or(event.connected));
}

/// Idempotent: a grace period continues or starts again, and `connected` is set, not toggled.
bool PresenceWatch::record_socket(const PresenceStore::SocketChange& change, bool connected) {
  const auto party = connected ? parts_.store.cancel_graces(change.tenant, change.player, step_deadline())
                               : parts_.store.start_graces(change, graces_of(*parts_.modes.current()), step_deadline());
  if (!party) return false;
  if (*party) show_in_party(change.tenant, **party, change.player, connected);
  return true;
}

/// Updates the member in the party. If this fails, the next comparison with the record does it.
void PresenceWatch::show_in_party(const Tenant& tenant, PartyId party, PlayerId player, bool connected) {
  const auto applied = parts_.changes.change(
      {tenant, party, std::nullopt, step_deadline()},
      [&](const StoredParty& before) -> Reply<PartyState> { return socket_changed(before.state, player, connected); });
  if (!applied || !applied->changed()) return;
  (connected ? parts_.metrics.connected : parts_.metrics.disconnected).add();
  notify_changed(parts_.notifier, tenant, applied->after.party);
}

void PresenceWatch::sweep() {
  const auto tenants = parts_.store.active_tenants(parts_.clock.now(), step_deadline());
  if (!tenants) return;
  for (const auto& tenant : *tenants) {
    if (tenant.has_due && !sweep_due(tenant.tenant)) return;
  }
  reconcile_page(*tenants);
}

bool PresenceWatch::sweep_due(const Tenant& tenant) {
  const auto now = parts_.clock.now();
  const auto again = now + kClaimTimeout;
  const auto taken = parts_.store.claim_due(tenant, now, again, kMaxDuePerSweep, step_deadline());
  if (!taken) return false;
  std::set<Due::Kind> blocked;
  for (const auto& due : *taken) {
    if (blocked.contains(due.kind)) continue;
    if (!handle_due(tenant, due)) {
      blocked.insert(due.kind);  // timers of this kind become due again after kClaimTimeout
      continue;
    }
    if (!parts_.store.finish_due(tenant, due, again, step_deadline())) return false;
  }
  return true;
}

bool PresenceWatch::handle_due(const Tenant& tenant, const Due& due) {
  switch (due.kind) {
    case Due::Kind::member: return end_party_grace(tenant, due.player);
    case Due::Kind::ticket: return end_ticket_grace(tenant, due);
    case Due::Kind::invite: break;
  }
  return parts_.invitations.expire(tenant, *due.party_id, due.player, step_deadline()).ok();
}

/// Idempotent: an absent member stays absent. A member who has a socket again is shown as connected.
bool PresenceWatch::end_party_grace(const Tenant& tenant, PlayerId player) {
  const auto connected = parts_.store.is_connected(tenant, player, Deadline::after(kCacheTimeout));
  if (!connected) return false;
  const PresenceStore::SocketChange change{tenant, player, parts_.clock.now(), PresenceStore::RunningGrace::keep};
  if (*connected) return record_socket(change, true);
  // A ticket that was queued after the socket had closed has no grace period yet: start it now.
  const auto party = parts_.store.start_graces(change, graces_of(*parts_.modes.current()), step_deadline());
  if (!party) return false;
  if (!*party) return true;
  bool was_ready = false;
  const auto applied = parts_.changes.change({tenant, **party, std::nullopt, step_deadline()},
                                             [&](const StoredParty& before) -> Reply<PartyState> {
                                               const auto* member = find_member(before.state.party, player);
                                               was_ready = member != nullptr && member->ready;
                                               return grace_ended(before.state, player);
                                             });
  if (!applied) return applied.error().status() < 500;
  if (!applied->changed()) return true;
  const Party& after = applied->after.party;
  parts_.metrics.absent.add();
  log::info("member_absent", {{"party_id", after.party_id}, {"player_id", player}, {"leader_id", after.leader_id}});
  if (was_ready) notify_ready(parts_.notifier, tenant, after, player);
  notify_changed(parts_.notifier, tenant, after);
  return true;
}

/// Idempotent: a ticket that has ended or was matched meanwhile is not changed.
bool PresenceWatch::end_ticket_grace(const Tenant& tenant, const Due& due) {
  if (!due.ticket_id) return true;
  const auto connected = parts_.store.is_connected(tenant, due.player, Deadline::after(kCacheTimeout));
  if (!connected) return false;
  if (*connected) return true;
  Caller lobby;
  lobby.tenant = tenant;
  const auto cancelled =
      parts_.bus.request(CancelTicket{tenant, *due.ticket_id, CloseReason::member_disconnected, due.player}, lobby,
                         Deadline::after(limits::kRequestTimeout));
  if (!cancelled && cancelled.error().status() >= 500) return false;
  if (cancelled) {
    parts_.metrics.away_cancelled.add();
    log::info("absent_player_cancelled", {{"player_id", due.player}, {"ticket_id", *due.ticket_id}});
  }
  return true;
}

/// Compares one page of one tenant's members per sweep. A member whose sockets are missing without an event gets the
/// whole grace period, and is shown as disconnected only at its end: a cache that was just restarted lacks all sockets.
void PresenceWatch::reconcile_page(const std::vector<PresenceStore::TenantActivity>& tenants) {
  if (cursor_ == "0") {
    // The next tenant in alphabetical order; after the last one, the first.
    const Tenant* next = nullptr;
    const Tenant* first = nullptr;
    for (const auto& tenant : tenants) {
      if (!tenant.has_members) continue;
      if (first == nullptr || tenant.tenant < *first) first = &tenant.tenant;
      if (tenant.tenant > reconciled_tenant_ && (next == nullptr || tenant.tenant < *next)) next = &tenant.tenant;
    }
    if (first == nullptr) return;
    reconciled_tenant_ = next != nullptr ? *next : *first;
  }
  const auto page = parts_.store.members(reconciled_tenant_, cursor_, step_deadline());
  if (!page) return;
  cursor_ = page->next;
  std::vector<PlayerId> players;
  for (const auto& member : page->members) players.push_back(member.player);
  if (players.empty()) return;
  const auto connected = parts_.store.connected(reconciled_tenant_, players, Deadline::after(kCacheTimeout));
  if (!connected) return;
  for (std::size_t i = 0; i < players.size(); ++i) {
    const auto known = page->members[i].presence;
    const PresenceStore::SocketChange change{reconciled_tenant_, players[i], parts_.clock.now(),
                                             PresenceStore::RunningGrace::keep};
    if ((*connected)[i] && known != Presence::connected) {
      (void)record_socket(change, true);
    } else if (!(*connected)[i] && known == Presence::connected) {
      (void)parts_.store.start_graces(change, graces_of(*parts_.modes.current()), step_deadline());
    }
  }
}

}  // namespace mm::lobby
