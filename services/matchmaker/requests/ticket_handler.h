// Handles the other requests about tickets and queues: matchmaker.cancel, .status, .match and .queues.
#pragma once

#include <functional>

#include "common/bus/bus.h"
#include "common/contracts/matchmaker.h"
#include "common/runtime/live_modes.h"
#include "services/matchmaker/after_commit/match_publisher.h"
#include "services/matchmaker/generation/verifier.h"
#include "services/matchmaker/queue/request_store.h"
#include "services/matchmaker/waits/wait_estimator.h"

namespace mm::matchmaker {

class TicketHandler {
 public:
  struct Parts {
    RequestStore& store;
    MatchPublisher& publisher;
    const QueueVerifier& verifier;
    WaitEstimator& waits;
    const runtime::LiveModes& modes;
    const Clock& clock;
    std::function<void(const Tenant&)> tickets_changed;
    std::function<bool()> holds_back;  ///< whether commits are held back (owner/commit_gate.h)
  };
  explicit TicketHandler(const Parts& parts) : parts_(parts) {}

  Reply<CancelledTicket> cancel(const CancelTicket& request, const bus::Context& context);
  Reply<Ticket> status(const GetTicket& request, const bus::Context& context);
  Reply<MadeMatch> make(const MakeMatch& request, const bus::Context& context);
  Reply<QueueSummary> queues(const GetQueues& request, const bus::Context& context);

 private:
  Ticket view_of(const StatusResult& found, bool with_players) const;

  Parts parts_;
};

}  // namespace mm::matchmaker
