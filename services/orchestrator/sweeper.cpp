#include "services/orchestrator/sweeper.h"

#include "common/runtime/log.h"

namespace mm::orchestrator {

Sweeper::Sweeper(Store& store, Provider& provider, Placement& placement, bus::Bus& bus, const Timing& timing,
                 Metrics& metrics)
    : store_(store),
      provider_(provider),
      placement_(placement),
      bus_(bus),
      timing_(timing),
      metrics_(metrics),
      thread_([this] { run(); }) {}

Sweeper::~Sweeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

bool Sweeper::ending() {
  const std::lock_guard lock(mutex_);
  return ending_;
}

void Sweeper::run() {
  while (!ending()) {
    reconcile();
    check_old();
    (void)store_.prune(timing_.keep, Deadline::after(kStoreTime));
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, timing_.sweep_every, [this] { return ending_; });
  }
}

void Sweeper::reconcile() {
  if (const auto rows = store_.allocated(Deadline::after(kStoreTime))) provider_.reconcile(*rows);
}

void Sweeper::check_old() {
  const auto due = store_.due_for_check(timing_.check_age, kMostPerSweep, Deadline::after(kStoreTime));
  if (!due) return;
  for (const auto match : *due) {
    if (ending()) return;
    if (!is_over(match)) continue;
    log::warning("forgotten_allocation_released", {{"match_id", match}});
    if (placement_.release(match, Deadline::after(kStoreTime))) metrics_.swept.add();
  }
}

bool Sweeper::is_over(MatchId match) {
  GetMatch request;
  request.match_id = match;
  const auto view = bus_.request(request, Caller{}, Deadline::after(kAskTime));
  return view ? mm::is_over(view->status) : view.error().code == Code::not_found;
}

}  // namespace mm::orchestrator
