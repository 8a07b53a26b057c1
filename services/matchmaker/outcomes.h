// What became of a match, from whoever says it: an event of its session, or the session itself when asked. Both end in
// the same idempotent script, so it does not matter which comes first, or how often. Thread-safe.
#pragma once

#include "common/bus/bus.h"
#include "common/bus/consumer.h"
#include "common/contracts/events.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/queue_store.h"

namespace mm::matchmaker {

class Outcomes {
 public:
  Outcomes(QueueStore& store, bus::Bus& bus, Metrics& metrics, std::function<void()> tickets_changed);

  bus::Ack on(const MatchReady& event);
  bus::Ack on(const MatchCompleted& event);
  bus::Ack on(const MatchCancelled& event);

  enum class Standing {
    waiting,  ///< its session knows it and it is not ready
    playing,  ///< confirmed
    over,     ///< its players are free
    missing,  ///< no session has heard of it
  };
  /// Asks the session about a live match and applies its answer. Fails when the session or the queue does not answer.
  Reply<Standing> ask(const Tenant& tenant, MatchId match, Deadline deadline);

 private:
  bus::Ack apply(const Tenant& tenant, MatchId match, MatchState state, const std::vector<TicketId>& requeue);

  QueueStore& store_;
  bus::Bus& bus_;
  Metrics& metrics_;
  const std::function<void()> tickets_changed_;  ///< events may wait in the outbox
};

}  // namespace mm::matchmaker
