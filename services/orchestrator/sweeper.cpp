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
      task_(timing.sweep_interval, [this] { sweep(); }) {}

void Sweeper::sweep() {
  reconcile();
  check_old_allocations();
  (void)store_.prune(timing_.keep_tombstones, Deadline::after(kStoreTimeout));
}

void Sweeper::reconcile() {
  if (const auto rows = store_.allocated(Deadline::after(kStoreTimeout))) provider_.reconcile(*rows);
}

void Sweeper::check_old_allocations() {
  const auto due = store_.due_for_check(timing_.check_age, kMaxPerSweep, Deadline::after(kStoreTimeout));
  if (!due) return;
  for (const auto match : *due) {
    if (task_.stopping()) return;
    if (!is_over(match)) continue;
    log::warning("forgotten_allocation_released", {{"match_id", match}});
    if (placement_.release(match, Deadline::after(kStoreTimeout))) metrics_.swept.add();
  }
}

bool Sweeper::is_over(MatchId match) {
  GetMatch request;
  request.match_id = match;
  const auto view = bus_.request(request, Caller{}, Deadline::after(kRequestTimeout));
  return view ? mm::is_over(view->status) : view.error().code == Code::not_found;
}

}  // namespace mm::orchestrator
