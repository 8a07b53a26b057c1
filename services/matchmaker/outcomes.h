// What became of a match, from whoever says it: an event of its session, or its session itself when asked. Both end in
// the same idempotent script, so it does not matter which comes first, or how often. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "common/bus/bus.h"
#include "common/bus/consumer.h"
#include "common/contracts/reconcile.h"
#include "services/matchmaker/core/reconcile_schedule.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/publisher.h"
#include "services/matchmaker/queue_store.h"

namespace mm::matchmaker {

class Outcomes {
 public:
  /// `tickets_changed`: events of this tenant's tickets may wait in the outbox.
  Outcomes(QueueStore& store, bus::Bus& bus, Publisher& publisher, Metrics& metrics,
           std::function<void(const Tenant&)> tickets_changed);

  bus::Ack on(const MatchReady& event);
  bus::Ack on(const MatchCompleted& event);
  bus::Ack on(const MatchCancelled& event);

  enum class Standing {
    confirmed,   ///< its session has it, and it holds its players
    over,        ///< its players are free
    unreadable,  ///< its text in the queue is not a match
  };
  /// Asks sessions about live matches and applies what they answer. Matches that are missing in the result could not be
  /// part of the question, which was full. Fails when sessions or the queue do not answer, and when sessions refuse.
  Reply<std::map<LiveMatch, Standing>> ask(const std::vector<LiveMatch>& matches, Deadline deadline);

 private:
  bus::Ack apply(const MatchOutcome& outcome);
  void applied(const MatchOutcome& outcome, const OutcomeResult& result);
  /// False: the queue does not answer.
  bool apply_answers(const std::vector<MatchOutcome>& outcomes, Deadline deadline);

  QueueStore& store_;
  bus::Bus& bus_;
  Publisher& publisher_;
  Metrics& metrics_;
  const std::function<void(const Tenant&)> tickets_changed_;
};

}  // namespace mm::matchmaker
