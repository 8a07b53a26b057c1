// The lobby daemon: parties, entry to the queue, and the grace periods of players who lost the connection. See
// README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "common/bus/notifier.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/daemon/queue_watch.h"
#include "common/runtime/live_modes.h"
#include "common/storage/redis.h"
#include "services/lobby/event_handlers.h"
#include "services/lobby/parties.h"
#include "services/lobby/presence_watch.h"
#include "services/lobby/queueing.h"
#include "services/lobby/rating_feed.h"

namespace mm::lobby {

struct Settings {
  std::string redis_queue_url = "redis://127.0.0.1:6379";
  std::string redis_cache_url = "redis://127.0.0.1:6380";
  std::string modes_file;          ///< empty: the shipped modes
  TenantList tenants;              ///< requests of other tenants are refused
  bool allow_weak_stores = false;  ///< run although Redis "queue" may lose acknowledged writes
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_REDIS_QUEUE_URL", s.redis_queue_url, Optional{});
  f("MM_REDIS_CACHE_URL", s.redis_cache_url, Optional{});
  f("MM_MODES_FILE", s.modes_file, Optional{});
  f("MM_TENANTS", s.tenants, Optional{});
  f("MM_ALLOW_WEAK_STORES", s.allow_weak_stores, Optional{});
}

class Service {
 public:
  static constexpr std::string_view kName = "lobby";
  using Settings = lobby::Settings;

  Service(const Settings& settings, Runtime& runtime);

 private:
  void serve();
  /// Starts the parts in order, waiting for the dependencies of each; then serves requests and keeps the ratings.
  void start(const std::stop_token& stop);

  Runtime& runtime_;
  runtime::LiveModes modes_;
  storage::Redis queue_;
  storage::Redis cache_;
  daemon::QueueWatch queue_watch_;
  bus::Notifier notifier_;
  Metrics metrics_;
  PartyStore store_;
  PresenceStore presence_store_;
  PartyChanges changes_;
  RatingView ratings_;
  PartyNotifier party_notifier_;
  Parties parties_;
  Invitations invitations_;
  Queueing queueing_;
  // The following members have callbacks. They are last, so that no callback runs when other members are destroyed.
  RatingFeed feed_;
  EventHandlers event_handlers_;
  PresenceWatch presence_;
  bus::Server server_;
  std::jthread start_thread_;
};

}  // namespace mm::lobby
