#include "services/session/sweeper.h"

#include "common/runtime/log.h"

namespace mm::session {

Sweeper::Sweeper(Store& store, ServerAllocator& servers, MatchNotifier& match_notifier, bus::Bus& bus,
                 const Timing& timing)
    : store_(store),
      servers_(servers),
      match_notifier_(match_notifier),
      bus_(bus),
      timing_(timing),
      watch_(timing.heartbeat_timeout, kGap),
      serving_(timing.allocation_timeout, kGap),
      pruned_(std::chrono::steady_clock::now()),
      thread_([this] { run(); }) {}

Sweeper::~Sweeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

void Sweeper::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    const bool heard = look() && bus_.connected();
    const auto now = std::chrono::steady_clock::now();
    watch_.look(now, heard);
    serving_.look(now, heard);
    prune();
    lock.lock();
    woken_.wait_for(lock, timing_.sweep_interval, [this] { return ending_; });
  }
}

bool Sweeper::look() { return servers_.sweep() && cancel_unserved() && cancel_silent() && give_back_servers(); }

// The time in which we, the database or the bus were away does not count: nobody could have been placed.
bool Sweeper::cancel_unserved() {
  if (!serving_.may_judge()) return true;
  const auto matches = store_.unserved(timing_.allocation_timeout, kMaxPerSweep, Deadline::after(kStoreTimeout));
  if (!matches) return false;
  for (const auto& match : *matches) {
    const auto cancelled = store_.cancel_unserved(match, timing_.allocation_timeout, Deadline::after(kStoreTimeout));
    if (!cancelled) return false;
    if (*cancelled) ended(**cancelled, MatchStatus::allocating);
  }
  return true;
}

bool Sweeper::cancel_silent() {
  if (!watch_.may_judge()) return true;
  const auto matches = store_.silent(timing_.heartbeat_timeout, kMaxPerSweep, Deadline::after(kStoreTimeout));
  if (!matches) return false;
  for (const auto& match : *matches) {
    const auto cancelled = store_.cancel_silent(match, timing_.heartbeat_timeout, Deadline::after(kStoreTimeout));
    if (!cancelled) return false;
    if (*cancelled) ended(**cancelled, match.status);
  }
  return true;
}

bool Sweeper::give_back_servers() {
  const auto matches = store_.unreleased(kMaxPerSweep, Deadline::after(kStoreTimeout));
  if (!matches) return false;
  for (const auto& match : *matches) servers_.give_back(match);
  return true;
}

void Sweeper::prune() {
  const auto now = std::chrono::steady_clock::now();
  if (now - pruned_ < kPruneInterval) return;
  pruned_ = now;
  (void)store_.prune_recent(
      Deadline::after(kStoreTimeout));  // fails with the next statement, or is done at the next look
  const auto gone = store_.prune(timing_.retention, Deadline::after(kStoreTimeout));
  if (gone && *gone > 0) log::info("matches_pruned", {{"matches", *gone}});
}

void Sweeper::ended(const Match& match, MatchStatus from) {
  match_notifier_.changed(match, from);
  servers_.give_back(match.id);
}

}  // namespace mm::session
