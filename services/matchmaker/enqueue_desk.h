// matchmaker.enqueue. The bus hands over batches; each is checked, brought to the queue in one round trip and answered
// on the thread that took it. A few threads do so side by side: while one waits for the queue another checks the next.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "common/bus/server.h"
#include "common/runtime/live_modes.h"
#include "services/matchmaker/admission.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/outcomes.h"
#include "services/matchmaker/wait_board.h"

namespace mm::matchmaker {

class EnqueueDesk {
 public:
  struct Parts {
    QueueStore& store;
    Outcomes& outcomes;
    WaitBoard& waits;
    const runtime::LiveModes& modes;
    const Clock& clock;
    Metrics& metrics;
    std::function<void()> bucket_opened;
  };
  explicit EnqueueDesk(const Parts& parts) : parts_(parts) {}

  /// Checks, queues and answers a batch. Thread-safe.
  void take(std::vector<bus::Incoming<Enqueue>>& incoming);

 private:
  using Answer = std::function<void(Reply<Enqueued>)>;
  struct Batch {
    std::vector<NewTicket> tickets;
    std::vector<Answer> answers;
    Deadline deadline = Deadline::after(Milliseconds{0});  ///< the latest of the callers'
  };

  void submit(Batch batch);
  bool know_tenants(const std::vector<NewTicket>& tickets, Deadline deadline);
  void bucket_opened(const NewTicket& ticket, Deadline deadline);
  /// Those whose players are in a match by what the queue knows: asks the session, and tries those that are free.
  void try_again(Batch batch, const std::vector<Claim>& claims);
  bool is_over(const Tenant& tenant, MatchId match, Deadline deadline);
  Reply<Enqueued> answer_of(const NewTicket& ticket, const EnqueueResult& result);

  Parts parts_;
  std::mutex known_mutex_;
  std::set<Tenant> known_tenants_;                  // guarded by known_mutex_
  std::map<MatchId, SteadyPoint> playing_;          // guarded by known_mutex_: when its session was asked
};

}  // namespace mm::matchmaker
