#include "services/lobby/presence_watch.h"

#include <cmath>
#include <set>

#include "common/runtime/log.h"

namespace mm::lobby {
namespace {

constexpr Milliseconds kStepBudget{1'000};
constexpr Milliseconds kCacheBudget{200};

Deadline step_deadline() { return Deadline::after(kStepBudget); }

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
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void PresenceWatch::start() {
  thread_ = std::thread([this] { run(); });
  subscription_ = bus::subscribe<PresenceChanged>(parts_.bus, "lobby", [this](const PresenceChanged& event) {
    {
      std::lock_guard lock(mutex_);
      if (waiting_.size() >= kWaitingMax) return parts_.metrics.presence_dropped.add();
      waiting_.push_back(event);
    }
    changed_.notify_one();
  });
}

void PresenceWatch::run() {
  auto next_sweep = Deadline::after(kSweepEvery);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, kSweepEvery, [&] { return stopping_ || !waiting_.empty(); });
    bool noted = true;
    while (noted && !stopping_ && !waiting_.empty()) {
      const PresenceChanged event = waiting_.front();
      lock.unlock();
      noted = note(event);
      lock.lock();
      if (noted) waiting_.pop_front();
    }
    // With Redis down, the event stays first in line until the next look.
    if (!noted) changed_.wait_for(lock, kSweepEvery, [&] { return stopping_; });
    if (stopping_ || !next_sweep.passed()) continue;
    lock.unlock();
    sweep();
    next_sweep = Deadline::after(kSweepEvery);
    lock.lock();
  }
}

/// False: not now, Redis does not answer.
bool PresenceWatch::note(const PresenceChanged& event) {
  const auto recorded = parts_.store.is_connected(event.tenant, event.player_id, Deadline::after(kCacheBudget));
  return note_socket({event.tenant, event.player_id, parts_.clock.now()}, recorded.value_or(event.connected));
}

/// Idempotent: a grace that runs already goes on or begins again, what members see is set, not toggled.
bool PresenceWatch::note_socket(const PresenceStore::Away& player, bool connected) {
  const auto party = connected ? parts_.store.note_back(player.tenant, player.player, step_deadline())
                               : parts_.store.note_away(player, graces_of(*parts_.modes.now()), step_deadline());
  if (!party) return false;
  if (*party) show_socket(player.tenant, **party, player.player, connected);
  return true;
}

/// If this fails, the next comparison with the record shows it.
void PresenceWatch::show_socket(const Tenant& tenant, PartyId party, PlayerId player, bool connected) {
  const auto applied = parts_.changes.change(
      {tenant, party, std::nullopt, step_deadline()}, [&](const StoredParty& before) -> Reply<PartyState> {
        return socket_changed(before.state, player, connected);
      });
  if (!applied || !applied->changed()) return;
  (connected ? parts_.metrics.connected : parts_.metrics.disconnected).add();
  tell_changed(parts_.teller, tenant, applied->after.party);
}

void PresenceWatch::sweep() {
  const auto places = parts_.store.places(parts_.clock.now(), step_deadline());
  if (!places) return;
  for (const auto& place : *places) {
    if (place.has_due && !sweep_due(place.tenant)) return;
  }
  compare_page(*places);
}

bool PresenceWatch::sweep_due(const Tenant& tenant) {
  const auto now = parts_.clock.now();
  const auto again = now + kTakeAgain;
  const auto taken = parts_.store.take(tenant, now, again, kSweepMost, step_deadline());
  if (!taken) return false;
  std::set<Due::Kind> blocked;
  for (const auto& due : *taken) {
    if (blocked.contains(due.kind)) continue;
    if (!finish(tenant, due)) {
      blocked.insert(due.kind);  // all of them come again
      continue;
    }
    if (!parts_.store.finished(tenant, due, again, step_deadline())) return false;
  }
  return true;
}

bool PresenceWatch::finish(const Tenant& tenant, const Due& due) {
  switch (due.kind) {
    case Due::Kind::member: return end_party_grace(tenant, due.player);
    case Due::Kind::ticket: return end_ticket_grace(tenant, due);
    case Due::Kind::invite: break;
  }
  return parts_.invitations.expire(tenant, *due.party_id, due.player, step_deadline()).ok();
}

/// Idempotent: an absent member stays absent. Who is back is shown as connected.
bool PresenceWatch::end_party_grace(const Tenant& tenant, PlayerId player) {
  const auto connected = parts_.store.is_connected(tenant, player, Deadline::after(kCacheBudget));
  if (!connected) return false;
  const PresenceStore::Away still_away{tenant, player, parts_.clock.now(), PresenceStore::Running::goes_on};
  if (*connected) return note_socket(still_away, true);
  // A ticket that was queued after the socket had closed has no grace yet.
  const auto party = parts_.store.note_away(still_away, graces_of(*parts_.modes.now()), step_deadline());
  if (!party) return false;
  if (!*party) return true;
  bool was_ready = false;
  const auto applied = parts_.changes.change(
      {tenant, **party, std::nullopt, step_deadline()}, [&](const StoredParty& before) -> Reply<PartyState> {
        const auto* member = find_member(before.state.party, player);
        was_ready = member != nullptr && member->ready;
        return grace_ended(before.state, player);
      });
  if (!applied) return applied.error().status() < 500;
  if (!applied->changed()) return true;
  const Party& after = applied->after.party;
  parts_.metrics.absent.add();
  log::info("member_absent", {{"party_id", after.party_id}, {"player_id", player}, {"leader_id", after.leader_id}});
  if (was_ready) tell_ready(parts_.teller, tenant, after, player);
  tell_changed(parts_.teller, tenant, after);
  return true;
}

/// Idempotent: a ticket that is over stays as it is, and one that was matched meanwhile is left to its match.
bool PresenceWatch::end_ticket_grace(const Tenant& tenant, const Due& due) {
  if (!due.ticket_id) return true;
  const auto connected = parts_.store.is_connected(tenant, due.player, Deadline::after(kCacheBudget));
  if (!connected) return false;
  if (*connected) return true;
  Caller lobby;
  lobby.tenant = tenant;
  const auto cancelled =
      parts_.bus.request(CancelTicket{tenant, *due.ticket_id, CloseReason::member_disconnected, due.player}, lobby,
                         Deadline::after(limits::kRequestDeadline));
  if (!cancelled && cancelled.error().status() >= 500) return false;
  if (cancelled) {
    parts_.metrics.away_cancelled.add();
    log::info("absent_player_cancelled", {{"player_id", due.player}, {"ticket_id", *due.ticket_id}});
  }
  return true;
}

/// One page of one tenant's members a sweep. A member whose sockets are gone unheard of gets the whole grace; what members
/// see changes only at its end, because a cache that was just restarted lacks everybody for a moment.
void PresenceWatch::compare_page(const std::vector<PresenceStore::Place>& places) {
  if (cursor_ == "0") {
    // The next tenant in their order, or the first one again.
    const Tenant* next = nullptr;
    const Tenant* first = nullptr;
    for (const auto& place : places) {
      if (!place.has_members) continue;
      if (first == nullptr || place.tenant < *first) first = &place.tenant;
      if (place.tenant > compared_ && (next == nullptr || place.tenant < *next)) next = &place.tenant;
    }
    if (first == nullptr) return;
    compared_ = next != nullptr ? *next : *first;
  }
  const auto page = parts_.store.members(compared_, cursor_, step_deadline());
  if (!page) return;
  cursor_ = page->next;
  std::vector<PlayerId> players;
  for (const auto& member : page->members) players.push_back(member.player);
  if (players.empty()) return;
  const auto connected = parts_.store.connected(compared_, players, Deadline::after(kCacheBudget));
  if (!connected) return;
  for (std::size_t i = 0; i < players.size(); ++i) {
    const auto known = page->members[i].presence;
    const PresenceStore::Away player{compared_, players[i], parts_.clock.now(), PresenceStore::Running::goes_on};
    if ((*connected)[i] && known != Presence::connected) {
      (void)note_socket(player, true);
    } else if (!(*connected)[i] && known == Presence::connected) {
      (void)parts_.store.note_away(player, graces_of(*parts_.modes.now()), step_deadline());
    }
  }
}

}  // namespace mm::lobby
