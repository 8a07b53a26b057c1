// Brings ticket events from the queue's outbox to the stream. They are removed once the stream has confirmed them, so
// one may be sent twice, under the same message id. Only the owner of a tenant's house partition relays, so they keep
// their order.
#pragma once

#include "common/bus/bus.h"
#include "services/matchmaker/housekeeping.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/queue_store.h"
#include "services/matchmaker/worker.h"

namespace mm::matchmaker {

class Relay {
 public:
  Relay(QueueStore& store, bus::Bus& bus, const Housekeeping& housekeeping, Metrics& metrics);

  /// Something was written to the outbox.
  void wake() { worker_.wake(); }

 private:
  void relay();
  enum class Relayed { all, more, stuck };
  Relayed relay_some(const Tenant& tenant);

  QueueStore& store_;
  bus::Bus& bus_;
  const Housekeeping& housekeeping_;
  Metrics& metrics_;
  Worker worker_;  // last
};

}  // namespace mm::matchmaker
