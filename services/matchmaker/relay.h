// Brings ticket events from the queue's outbox to the stream. Once the stream has confirmed them they are kept for
// fifteen minutes: when another nats-server answers, which may have lost them, they are sent again, at a bounded rate
// and after new ones. An event has one message id for ever, so the stream takes it once. Only the owner of a tenant's
// house partition relays, so events keep their order.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "common/bus/bus.h"
#include "services/matchmaker/housekeeping.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/queue_store.h"
#include "services/matchmaker/worker.h"

namespace mm::matchmaker {

class Relay {
 public:
  Relay(QueueStore& store, bus::Bus& bus, const Housekeeping& housekeeping, Metrics& metrics);

  /// Something was written to the outbox of this tenant.
  void wake(const Tenant& tenant);

 private:
  void relay();
  void collect();
  enum class Relayed { all, more, stuck };
  Relayed relay_some(const Tenant& tenant);
  void send_again();
  /// How many were sent; 0: the tenant has no more of them; none: they cannot be sent now.
  std::optional<std::size_t> send_some_again(const Tenant& tenant, const std::string& server, std::size_t most);

  QueueStore& store_;
  bus::Bus& bus_;
  const Housekeeping& housekeeping_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::set<Tenant> woken_;              // guarded by mutex_
  // Of the worker alone:
  std::set<Tenant> waiting_;            ///< something may stand in their outbox
  std::set<Tenant> unsettled_;          ///< may have events that another nats-server confirmed
  std::string server_;                  ///< the nats-server of the last round
  std::uint64_t seen_ = 0;
  Worker worker_;  // last
};

}  // namespace mm::matchmaker
