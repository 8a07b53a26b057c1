#include "services/session/sweeper.h"

#include "common/runtime/log.h"

namespace mm::session {

Sweeper::Sweeper(Store& store, Servers& servers, Announcer& announcer, bus::Bus& bus, const Timing& timing)
    : store_(store),
      servers_(servers),
      announcer_(announcer),
      bus_(bus),
      timing_(timing),
      watch_(timing.silence, kGap),
      serving_(timing.server_wait, kGap),
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
    woken_.wait_for(lock, timing_.sweep_every, [this] { return ending_; });
  }
}

bool Sweeper::look() { return servers_.sweep() && cancel_unserved() && cancel_silent() && give_back_servers(); }

// The time in which we, the database or the bus were away does not count: nobody could have been placed.
bool Sweeper::cancel_unserved() {
  if (!serving_.may_judge()) return true;
  const auto matches = store_.unserved(timing_.server_wait, kMostPerSweep, Deadline::after(kStoreTime));
  if (!matches) return false;
  for (const auto& match : *matches) {
    const auto cancelled = store_.cancel_unserved(match, timing_.server_wait, Deadline::after(kStoreTime));
    if (!cancelled) return false;
    if (*cancelled) ended(**cancelled, MatchStatus::allocating);
  }
  return true;
}

bool Sweeper::cancel_silent() {
  if (!watch_.may_judge()) return true;
  const auto matches = store_.silent(timing_.silence, kMostPerSweep, Deadline::after(kStoreTime));
  if (!matches) return false;
  for (const auto& match : *matches) {
    const auto cancelled = store_.cancel_silent(match, timing_.silence, Deadline::after(kStoreTime));
    if (!cancelled) return false;
    if (*cancelled) ended(**cancelled, match.status);
  }
  return true;
}

bool Sweeper::give_back_servers() {
  const auto matches = store_.unreleased(kMostPerSweep, Deadline::after(kStoreTime));
  if (!matches) return false;
  for (const auto& match : *matches) servers_.give_back(match);
  return true;
}

void Sweeper::prune() {
  const auto now = std::chrono::steady_clock::now();
  if (now - pruned_ < kPruneEvery) return;
  pruned_ = now;
  (void)store_.prune_recent(Deadline::after(kStoreTime));  // fails with the next statement, or is done at the next look
  const auto gone = store_.prune(timing_.keep, Deadline::after(kStoreTime));
  if (gone && *gone > 0) log::info("matches_pruned", {{"matches", *gone}});
}

void Sweeper::ended(const Match& match, MatchStatus from) {
  announcer_.changed(match, from);
  servers_.give_back(match.id);
}

}  // namespace mm::session
