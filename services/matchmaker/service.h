// Wires the parts of the matchmaker daemon: tickets, queues, and the matches made from them. See README.md.
#pragma once

#include <string>
#include <string_view>

#include "common/bus/consumer.h"
#include "common/bus/notifier.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/daemon/queue_watch.h"
#include "common/runtime/live_modes.h"
#include "common/storage/redis.h"
#include "services/matchmaker/after_commit/outbox_relay.h"
#include "services/matchmaker/after_commit/reconciler.h"
#include "services/matchmaker/generation/verifier.h"
#include "services/matchmaker/owner/recorder.h"
#include "services/matchmaker/owner/snapshot_requests.h"
#include "services/matchmaker/owner/tick_loop.h"
#include "services/matchmaker/requests/enqueue_handler.h"
#include "services/matchmaker/requests/explain_handler.h"
#include "services/matchmaker/requests/ticket_handler.h"

namespace mm::matchmaker {

struct Settings {
  std::string redis_queue_url = "redis://127.0.0.1:6379";
  std::string redis_cache_url = "redis://127.0.0.1:6380";
  std::string modes_file;          ///< empty: the shipped modes
  TenantList tenants;              ///< requests for other tenants are refused
  bool allow_weak_stores = false;  ///< runs on a Redis that may lose what it acknowledged
  int tick_ms = 100;
  int plan_threads = 0;             ///< 0: one thread per core, at most four
  int max_unconfirmed = 2'000;      ///< while this many matches are unconfirmed by session, no match is formed
  std::string record_dir;           ///< empty: nothing is recorded
  int record_mb = 1'024;            ///< limit in MB for all recordings of one instance
  QueueLimits limits;               ///< not read from the environment
  Recorder::Options record_limits;  ///< not read from the environment, except for `record_dir` and `record_mb`
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_REDIS_QUEUE_URL", s.redis_queue_url, Optional{});
  f("MM_REDIS_CACHE_URL", s.redis_cache_url, Optional{});
  f("MM_MODES_FILE", s.modes_file, Optional{});
  f("MM_TENANTS", s.tenants, Optional{});
  f("MM_ALLOW_WEAK_STORES", s.allow_weak_stores, Optional{});
  f("MM_TICK_MS", s.tick_ms, Optional{}, InRange{10, 1'000});
  f("MM_PLAN_THREADS", s.plan_threads, Optional{}, InRange{0, 64});
  f("MM_MAX_UNCONFIRMED", s.max_unconfirmed, Optional{}, InRange{1, 1'000'000});
  f("MM_RECORD_DIR", s.record_dir, Optional{});
  f("MM_RECORD_MB", s.record_mb, Optional{}, InRange{1, 1'000'000});
}

class Service {
 public:
  static constexpr std::string_view kName = "matchmaker";
  using Settings = matchmaker::Settings;

  /// Waits for Redis "queue" (common/daemon/startup.h).
  Service(const Settings& settings, Runtime& runtime);

 private:
  void serve();
  void follow_matches();

  Runtime& runtime_;
  runtime::LiveModes modes_;
  storage::Redis queue_;       // for requests and events
  storage::Redis tick_queue_;  // for the tick thread, so that it never waits for a free connection
  storage::Redis cache_;
  bus::Notifier notifier_;
  Metrics metrics_;
  RequestStore store_;
  daemon::QueueWatch queue_watch_;
  OwnerStore owner_store_;
  OwnerStore after_commit_store_;
  GenerationStore generation_store_;
  QueueVerifier verifier_;
  KnownTenants known_tenants_;
  WaitEstimator wait_estimator_;
  OwnedTenants owned_tenants_;
  MatchPublisher publisher_;
  runtime::RecoveryBudget recovery_;
  OutboxRelay outbox_relay_;
  Outcomes outcomes_;
  Reconciler reconciler_;
  TicketHandler ticket_handler_;
  Recorder recorder_;
  const Uuid address_;  // of this process; a new one at each start
  SnapshotRequests snapshot_requests_;
  ExplainHandler explain_handler_;
  TickLoop tick_loop_;  // has threads, like the members below: destroyed first, in reverse order
  EnqueueHandler enqueue_handler_;
  bus::Consumer matches_;
  bus::Server server_;
};

}  // namespace mm::matchmaker
