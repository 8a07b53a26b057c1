#include "services/lobby/presence.h"

#include <cmath>

#include "common/runtime/log.h"

namespace mm::lobby {
namespace {

constexpr Milliseconds kStepBudget{1'000};
constexpr Milliseconds kCacheBudget{200};

AwayStore::Graces graces_of(const ModeTable& modes) {
  AwayStore::Graces graces;
  for (const auto& mode : modes.all()) {
    graces.emplace_back(mode.id, Milliseconds(std::llround(mode.disconnect_grace_seconds * 1000)));
  }
  return graces;
}

}  // namespace

Presence::Presence(const Parts& parts)
    : bus_(parts.bus),
      away_(parts.queue, parts.cache),
      modes_(parts.modes),
      metrics_(parts.metrics),
      clock_(parts.clock) {}

Presence::~Presence() {
  subscription_.reset();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Presence::start() {
  thread_ = std::thread([this] { run(); });
  subscription_ = bus::subscribe<PresenceChanged>(bus_, "lobby", [this](const PresenceChanged& event) {
    {
      std::lock_guard lock(mutex_);
      if (waiting_.size() >= kWaitingMax) return metrics_.presence_dropped.add();
      waiting_.push_back(event);
    }
    changed_.notify_one();
  });
}

void Presence::run() {
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
bool Presence::note(const PresenceChanged& event) {
  const auto deadline = Deadline::after(kStepBudget);
  if (event.connected) return away_.back(event.tenant, event.player_id, deadline).ok();
  return away_.note(event.tenant, event.player_id, graces_of(*modes_.now()), clock_.now(), deadline).ok();
}

void Presence::sweep() {
  const auto tenants = away_.tenants(Deadline::after(kStepBudget));
  if (!tenants) return;
  for (const auto& tenant : *tenants) {
    const auto now = clock_.now();
    const auto taken = away_.take(tenant, now, now + kTakeAgain, kSweepMost, Deadline::after(kStepBudget));
    if (!taken) return;
    for (const auto& away : *taken) {
      if (!cancel(tenant, away)) return;
    }
  }
}

/// Idempotent: a ticket that is over stays as it is, and one that was matched meanwhile is left to its match. False: not
/// now, matchmaker or Redis does not answer.
bool Presence::cancel(const Tenant& tenant, const AwayStore::Away& away) {
  const bool is_back = away_.is_connected(tenant, away.player, Deadline::after(kCacheBudget));
  if (away.ticket_id && !is_back) {
    Caller lobby;
    lobby.tenant = tenant;
    const auto cancelled =
        bus_.request(CancelTicket{tenant, *away.ticket_id, CloseReason::member_disconnected, away.player}, lobby,
                     Deadline::after(limits::kRequestDeadline));
    if (!cancelled && cancelled.error().status() >= 500) return false;
    if (cancelled) {
      metrics_.away_cancelled.add();
      log::info("absent_player_cancelled", {{"player_id", away.player}, {"ticket_id", *away.ticket_id}});
    }
  }
  return away_.dealt_with(tenant, away, Deadline::after(kStepBudget)).ok();
}

}  // namespace mm::lobby
