#include "services/session/sweeper.h"

#include "common/runtime/log.h"

namespace mm::session {

Sweeper::Sweeper(Store& store, ServerAllocator& servers, MatchNotifier& notifier, bus::Bus& bus, const Timing& timing)
    : store_(store),
      servers_(servers),
      notifier_(notifier),
      bus_(bus),
      timing_(timing),
      can_receive_(timing.heartbeat_timeout, kMaxGap),
      can_allocate_(timing.allocation_timeout, kMaxGap),
      pruned_(std::chrono::steady_clock::now()),
      task_(timing.sweep_interval, [this] { run(); }) {}

void Sweeper::run() {
  const bool available = sweep() && bus_.connected();
  const auto now = std::chrono::steady_clock::now();
  can_receive_.observe(now, available);
  can_allocate_.observe(now, available);
  prune();
}

bool Sweeper::sweep() {
  using enum Store::Overdue;
  if (!servers_.sweep()) return false;
  if (can_allocate_.may_judge() && !cancel_overdue(unserved, timing_.allocation_timeout, CancelReason::no_server)) {
    return false;
  }
  if (can_receive_.may_judge() && !cancel_overdue(silent, timing_.heartbeat_timeout, CancelReason::server_lost)) {
    return false;
  }
  return release_servers();
}

bool Sweeper::cancel_overdue(Store::Overdue kind, Milliseconds limit, CancelReason reason) {
  const auto matches = store_.overdue(kind, limit, kMaxPerSweep, Deadline::after(kStoreTimeout));
  if (!matches) return false;
  for (const auto& match : *matches) {
    const MatchEnd end{cancelled_event(match, reason), {}};
    const auto cancelled = store_.end_overdue(kind, limit, match, end, Deadline::after(kStoreTimeout));
    if (!cancelled) return false;
    if (!*cancelled) continue;
    notifier_.status_changed(**cancelled, match.status);
    servers_.release(match.id);
  }
  return true;
}

bool Sweeper::release_servers() {
  const auto matches = store_.unreleased(kMaxPerSweep, Deadline::after(kStoreTimeout));
  if (!matches) return false;
  for (const auto& match : *matches) servers_.release(match);
  return true;
}

void Sweeper::prune() {
  const auto now = std::chrono::steady_clock::now();
  if (now - pruned_ < kPruneInterval) return;
  pruned_ = now;
  (void)store_.prune_recent(Deadline::after(kStoreTimeout));  // if it fails, the next prune deletes these rows
  const auto deleted = store_.prune(timing_.retention, Deadline::after(kStoreTimeout));
  if (deleted && *deleted > 0) log::info("matches_pruned", {{"matches", *deleted}});
}

}  // namespace mm::session
