// Session: decides what becomes of a match, from found to over (see README.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/bus/consumer.h"
#include "common/bus/server.h"
#include "common/contracts/queue_generation.h"
#include "common/contracts/recent.h"
#include "common/contracts/reconcile.h"
#include "common/daemon/daemon.h"
#include "common/runtime/live_modes.h"
#include "services/session/queue_store.h"
#include "services/session/sweeper.h"

namespace mm::storage {
class Redis;
}

namespace mm::session {

struct Settings {
  std::string postgres_url;
  std::string redis_cache_url = "redis://127.0.0.1:6379";
  std::string modes_file;  ///< empty: the built-in mode table
  bool allow_weak_stores = false;
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_POSTGRES_URL", s.postgres_url);
  f("MM_REDIS_CACHE_URL", s.redis_cache_url, Optional{});
  f("MM_MODES_FILE", s.modes_file, Optional{});
  f("MM_ALLOW_WEAK_STORES", s.allow_weak_stores, Optional{});
}

class Service {
 public:
  static constexpr std::string_view kName = "session";
  using Settings = session::Settings;

  Service(const Settings& settings, Runtime& runtime, const Timing& timing = {});
  ~Service();

 private:
  /// The mode table under which the match was found: the matchmaker may have loaded a new table before session or
  /// after.
  runtime::LiveModes::Table modes_of(const MatchFound& found);

  /// match.found, in batches. Idempotent by match_id: the row is the key. A duplicate has no effect and no answer; a
  /// caller that needs the state of a match requests it.
  std::vector<bus::Ack> on_found(const std::vector<bus::Delivered<MatchFound>>& events);
  /// Idempotent by match_id, as on_found.
  Reply<MatchStates> reconcile(const ReconcileMatches& request, const bus::Context& context);
  /// Stores the matches, notifies of the new ones, and requests their servers.
  Reply<std::vector<Store::Stored>> store_found(const std::vector<Store::Arrival>& arrivals, Deadline deadline);
  Store::Arrival arrival_of(const MatchFound& found);
  Reply<RecordedGeneration> record_generation(const RecordGeneration& request, const bus::Context& context);
  Reply<OpenMatches> open_matches(const ListOpenMatches& request, const bus::Context& context);

  Reply<MatchView> get(const GetMatch& request, const bus::Context& context);
  Reply<RecentMatches> recent(const GetRecentMatches& request, const bus::Context& context);
  Reply<HeartbeatAnswer> heartbeat(const Heartbeat& request, const bus::Context& context);
  Reply<HeartbeatAnswer> abort(MatchId match, Deadline deadline);
  /// Idempotent by the hash of the result's content.
  void report(std::vector<bus::Incoming<ReportResult>>& batch);

  Reply<std::optional<Match>> load(const GetMatch& request, const bus::Context& context);
  Reply<MatchView> view_for(const Match& match, const Caller& caller) const;
  /// Judges the reports in one transaction; returns the answer to each.
  std::map<MatchId, Reply<ResultAnswer>> settle(const std::map<MatchId, Report>& reports, Deadline deadline);
  /// What follows from a judgement after the commit.
  Reply<ResultAnswer> finish(const Store::Judged& judged);

  Runtime& runtime_;
  const Timing timing_;
  runtime::LiveModes modes_;
  const Tokens tokens_;
  Metrics metrics_;
  std::unique_ptr<storage::Redis> cache_;
  std::unique_ptr<storage::Postgres> postgres_;
  std::unique_ptr<bus::Outbox> outbox_;
  Store store_;
  QueueStore queue_store_;
  bus::Notifier notifier_;
  MatchNotifier match_notifier_;
  ServerAllocator servers_;
  Sweeper sweeper_;
  // Last, so that they are destroyed first: no request or event reaches a destroyed member.
  bus::Server server_;
  bus::Consumer events_;
};

}  // namespace mm::session
