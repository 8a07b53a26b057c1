// Profile: accounts, profiles and ratings (see README.md).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/consumer.h"
#include "common/bus/notifier.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/runtime/live_modes.h"
#include "services/profile/accounts.h"
#include "services/profile/metrics.h"
#include "services/profile/store.h"

namespace mm::storage {
class Redis;
}

namespace mm::profile {

struct Settings {
  std::string postgres_url;
  std::string redis_cache_url = "redis://127.0.0.1:6379";
  int bcrypt_cost = 10;
  std::string modes_file;  ///< empty: the built-in mode table
  TenantList tenants;      ///< requests of other tenants are refused
  bool allow_weak_stores = false;
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_POSTGRES_URL", s.postgres_url);
  f("MM_REDIS_CACHE_URL", s.redis_cache_url, Optional{});
  f("MM_BCRYPT_COST", s.bcrypt_cost, Optional{}, InRange{4, 14});
  f("MM_MODES_FILE", s.modes_file, Optional{});
  f("MM_TENANTS", s.tenants, Optional{});
  f("MM_ALLOW_WEAK_STORES", s.allow_weak_stores, Optional{});
}

class Service {
 public:
  static constexpr std::string_view kName = "profile";
  using Settings = profile::Settings;

  Service(const Settings& settings, Runtime& runtime);
  ~Service();

 private:
  void serve();
  Reply<Ratings> ratings(const GetRatings& request, const bus::Context& context);
  Reply<RatingChanges> changes(const GetRatingChanges& request, const bus::Context& context);
  Reply<Ratings> rating_page(const GetRatings& request, const std::optional<Tenant>& tenant, Deadline deadline);

  /// match.completed. Idempotent by match_id: profile.applied is the key.
  std::vector<bus::Ack> on_completed(const std::vector<bus::Delivered<MatchCompleted>>& events);
  RatedMatch rate(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& rows) const;
  void finish(const RatedMatch& rated);
  void notify_players(const RatedMatch& rated);

  Runtime& runtime_;
  runtime::LiveModes modes_;
  Metrics metrics_;
  std::unique_ptr<storage::Redis> cache_;
  std::unique_ptr<storage::Postgres> postgres_;
  std::unique_ptr<bus::Outbox> outbox_;
  Store store_;
  Accounts accounts_;
  bus::Notifier notifier_;
  bus::Consumer events_;
  bus::Server server_;  // last, so that it is destroyed first: no request reaches a destroyed member
};

}  // namespace mm::profile
