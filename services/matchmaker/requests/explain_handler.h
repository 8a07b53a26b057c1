// Handles matchmaker.explain: why a ticket waits. Any instance may receive the request. The owner of the ticket's
// bucket has the pool, so the request is passed to the address in the lease, unless this instance is the owner. There
// the tick thread makes a copy (owner/snapshot_requests.h), and this handler's thread computes the explanation from it.
//
// The owner of a bucket may change at any moment, and a ticket may be matched during the request. If the ticket is not
// found where the lease said, it is looked up again after a tick, until the caller's deadline.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/async_requests.h"
#include "common/bus/server.h"
#include "common/contracts/explain.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/owner/snapshot_requests.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

class ExplainHandler {
 public:
  struct Parts {
    RequestStore& store;
    SnapshotRequests& snapshot_requests;
    bus::Bus& bus;
    metrics::Registry& registry;
    Metrics& metrics;
    Uuid address;  ///< of this instance, as in its leases
  };
  explicit ExplainHandler(const Parts& parts);
  /// Replies to the pending requests, then returns. The snapshot requests must be closed before.
  ~ExplainHandler();

  void handle(std::vector<bus::Incoming<GetExplanation>>& batch);
  void handle_forwarded(std::vector<bus::Incoming<ExplainHere>>& batch);

  /// Limit of pending requests of both kinds; more are refused.
  static constexpr int kMaxOpen = 128;

 private:
  struct Pending {
    Tenant tenant;
    TicketId ticket;
    bus::Context context;
    Deadline deadline;
    std::function<void(Reply<Explanation>)> answer;
  };
  using PendingPtr = std::shared_ptr<const Pending>;  // owners: the pending step of the request

  std::function<void(Reply<Explanation>)> open(std::function<void(Reply<Explanation>)> answer);
  bool has_room(const std::function<void(Reply<Explanation>)>& answer);
  void post(std::function<void()> job);
  void work();

  // The steps of a request, on the handler's thread:
  void look_up(const PendingPtr& pending);
  void route(const PendingPtr& pending, const StatusResult& found);
  void request_snapshot(const PendingPtr& pending, const Bucket& bucket);
  void ask_owner(const PendingPtr& pending, const Bucket& bucket, Uuid address);
  void on_owner_reply(const PendingPtr& pending, const Bucket& bucket, const Reply<std::string>& text);
  Explanation explain_snapshot(const TicketSnapshot& seen);

  Parts parts_;
  std::shared_ptr<std::atomic<int>> open_ = std::make_shared<std::atomic<int>>(0);  // owners: this and pending replies
  Mutex mutex_;
  Condition changed_;
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<bus::AsyncRequests> requests_;
  std::thread thread_;  // last member, so that all others exist when the thread starts
};

}  // namespace mm::matchmaker
