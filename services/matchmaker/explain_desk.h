// matchmaker.explain: why a ticket waits. Any instance is asked; the one that owns the ticket's bucket has the pool, so
// the request goes there by the address in the lease, unless that is here. There the tick thread makes a copy
// (explain_box.h), and this desk's thread works on it.
//
// Who owns a bucket may change at any moment, and a ticket may be matched while it is asked about: whenever it is not
// found where it was said to be, it is looked up again, after a tick, until the caller's time is over.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/bus/async_requests.h"
#include "common/bus/server.h"
#include "common/contracts/explain.h"
#include "services/matchmaker/explain_box.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/queue_store.h"

namespace mm::matchmaker {

class ExplainDesk {
 public:
  struct Parts {
    QueueStore& store;
    ExplainBox& box;
    bus::Bus& bus;
    metrics::Registry& registry;
    Metrics& metrics;
    Uuid address;  ///< of this instance, as its leases name it
  };
  explicit ExplainDesk(const Parts& parts);
  /// Answers what it has taken, then returns. The box must be closed.
  ~ExplainDesk();

  void take(std::vector<bus::Incoming<GetExplanation>>& batch);
  void take_here(std::vector<bus::Incoming<ExplainHere>>& batch);

  /// Not answered yet, of both kinds; beyond: refused.
  static constexpr int kOpenMost = 128;

 private:
  struct Ask {
    Tenant tenant;
    TicketId ticket;
    bus::Context context;
    Deadline deadline;
    std::function<void(Reply<Explanation>)> answer;
  };
  using AskPtr = std::shared_ptr<const Ask>;  // owners: whatever step it waits for

  std::function<void(Reply<Explanation>)> open(std::function<void(Reply<Explanation>)> answer);
  bool has_room(const std::function<void(Reply<Explanation>)>& answer);
  void post(std::function<void()> job);
  void work();

  // The steps, on the desk's thread:
  void look_up(const AskPtr& ask);
  void seek(const AskPtr& ask, const StatusResult& found);
  void see(const AskPtr& ask, const Bucket& bucket);
  void ask_owner(const AskPtr& ask, const Bucket& bucket, Uuid address);
  void hear(const AskPtr& ask, const Bucket& bucket, const Reply<std::string>& text);
  Explanation explain_it(const Sighting& seen);

  Parts parts_;
  std::shared_ptr<std::atomic<int>> open_ = std::make_shared<std::atomic<int>>(0);  // owners: this, and answers to come
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<bus::AsyncRequests> requests_;
  std::thread thread_;  // last
};

}  // namespace mm::matchmaker
