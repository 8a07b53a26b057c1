// DeadLetters: stores the dead letters of all daemons (subject leaderboard.dead_letter), counts the unresolved ones for
// monitoring, and deletes old resolved ones.
#pragma once

#include "common/bus/server.h"
#include "common/runtime/metrics.h"
#include "common/runtime/periodic_task.h"
#include "services/leaderboard/dead_letters/store.h"

namespace mm::leaderboard::dead_letters {

class DeadLetters {
 public:
  DeadLetters(storage::Postgres& postgres, metrics::Registry& metrics);

  /// Call it before the server starts. This object must outlive the server.
  void serve_on(bus::Server& server);

 private:
  Reply<Empty> store(std::string_view daemon, const StoreDeadLetter& letter, Deadline deadline);
  void measure_and_sweep();

  Store store_;
  metrics::Counter stored_;
  metrics::Counter known_;
  metrics::Counter refused_;
  metrics::Gauge unresolved_;
  metrics::Gauge oldest_;
  runtime::PeriodicTask task_;  // last member: it uses all others
};

}  // namespace mm::leaderboard::dead_letters
