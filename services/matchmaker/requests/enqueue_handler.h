// Handles matchmaker.enqueue. The bus passes batches; each batch is checked, written to the queue in one round trip,
// and replied to on the thread that received it. A few threads work in parallel: while one waits for Redis, another
// checks.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/server.h"
#include "common/runtime/live_modes.h"
#include "services/matchmaker/after_commit/outcomes.h"
#include "services/matchmaker/generation/known_tenants.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/requests/admission.h"
#include "services/matchmaker/waits/wait_estimator.h"

namespace mm::matchmaker {

class EnqueueHandler {
 public:
  struct Parts {
    RequestStore& store;
    KnownTenants& tenants;
    Outcomes& outcomes;
    WaitEstimator& waits;
    const runtime::LiveModes& modes;
    const Clock& clock;
    Metrics& metrics;
    std::function<void()> bucket_opened;
  };
  explicit EnqueueHandler(const Parts& parts) : parts_(parts) {}

  /// Checks, enqueues and replies to a batch. Thread-safe.
  void handle(std::vector<bus::Incoming<Enqueue>>& incoming);

 private:
  using Answer = std::function<void(Reply<Enqueued>)>;
  struct Batch {
    std::vector<NewTicket> tickets;
    std::vector<Answer> answers;
    Deadline deadline = Deadline::after(Milliseconds{0});  ///< the latest deadline of the callers
  };

  void submit(Batch batch);
  /// For tickets whose players the queue holds in a match: asks session, and enqueues again those whose match is over.
  void try_again(Batch batch, const std::vector<Claim>& claims);
  bool is_over(const Tenant& tenant, MatchId match, Deadline deadline);
  Reply<Enqueued> answer_of(const NewTicket& ticket, const EnqueueResult& result);

  Parts parts_;
  Mutex mutex_;
  std::map<MatchId, SteadyPoint> playing_ GUARDED_BY(mutex_);  // when session last said that the match goes on
};

}  // namespace mm::matchmaker
