// Applies the outcome of a match, which comes as an event from session, or as session's reply to a request. Both use
// the same idempotent script, so their order and number do not matter. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "common/bus/bus.h"
#include "common/bus/consumer.h"
#include "common/contracts/reconcile.h"
#include "services/matchmaker/after_commit/match_publisher.h"
#include "services/matchmaker/after_commit/reconcile_schedule.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

class Outcomes {
 public:
  /// `tickets_changed`: called when the outbox may have new events about tickets of this tenant.
  Outcomes(RequestStore& store, bus::Bus& bus, MatchPublisher& publisher, Metrics& metrics,
           std::function<void(const Tenant&)> tickets_changed);

  bus::Ack on(const MatchReady& event);
  bus::Ack on(const MatchCompleted& event);
  bus::Ack on(const MatchCancelled& event);

  /// Number of events and replies of session. A change means that session has worked since.
  std::uint64_t session_messages() const { return session_messages_; }

  enum class ReconcileResult {
    confirmed,   ///< session has the match, and it holds its players
    over,        ///< the match does not hold its players any more
    unreadable,  ///< its text in the queue cannot be decoded
  };
  /// Asks session about live matches and applies the reply. A match that did not fit into the request is missing in the
  /// result. Fails if session or the queue does not answer, and if session refuses the request.
  Reply<std::map<LiveMatch, ReconcileResult>> reconcile(const std::vector<LiveMatch>& matches, Deadline deadline);

 private:
  bus::Ack apply(const MatchOutcome& outcome);
  void applied(const MatchOutcome& outcome, const OutcomeResult& result);
  /// Returns false if the queue does not answer.
  bool apply_answers(const std::vector<MatchOutcome>& outcomes, Deadline deadline);

  RequestStore& store_;
  bus::Bus& bus_;
  MatchPublisher& publisher_;
  Metrics& metrics_;
  const std::function<void(const Tenant&)> tickets_changed_;
  std::atomic<std::uint64_t> session_messages_{0};
};

}  // namespace mm::matchmaker
