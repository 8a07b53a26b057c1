#include "services/profile/service.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "common/bus/outbox.h"
#include "common/contracts/frames.h"
#include "common/daemon/startup.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"
#include "common/storage/postgres.h"
#include "common/storage/redis.h"
#include "common/wire/mode_table.h"
#include "services/profile/team_scores.h"

namespace mm::profile {
namespace {

/// Less than the time after which another instance gets the event.
constexpr Milliseconds kStoreTimeout{4'000};
constexpr int kDatabaseConnections = 8;
constexpr int kCacheConnections = 1;  // only the thread of the consumer notifies players
/// Requests of one subject handled as one batch. Each makes a short query before it goes to the password pool.
constexpr std::size_t kMaxBatch = 32;
/// Matches rated in one transaction.
constexpr std::size_t kMaxMatchesPerBatch = 50;

AccountOptions account_options(const Settings& settings) {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return {settings.bcrypt_cost, std::max(1, cores)};
}

}  // namespace

Service::Service(const Settings& settings, Runtime& runtime)
    : runtime_(runtime),
      modes_(daemon::load_modes(settings.modes_file), settings.modes_file, runtime.metrics),
      metrics_(runtime.metrics),
      cache_(
          std::make_unique<storage::Redis>(daemon::redis_cache(runtime, settings.redis_cache_url, kCacheConnections))),
      postgres_(daemon::open_postgres(runtime, {.url = settings.postgres_url,
                                                .schema = "profile",
                                                .connections = kDatabaseConnections,
                                                .allow_weak = settings.allow_weak_stores})),
      outbox_(std::make_unique<bus::Outbox>(*postgres_, runtime.bus, "profile", runtime.metrics)),
      store_(*postgres_, *outbox_),
      accounts_(store_, runtime.clock, account_options(settings), metrics_),
      notifier_(runtime.bus, *cache_, runtime.clock),
      events_(runtime.bus, streams::kMatch, {.name = std::string(kName)}, runtime.metrics),
      server_(
          runtime.bus,
          {.name = std::string(kName), .description = "Accounts, profiles and ratings", .tenants = settings.tenants},
          runtime.metrics) {
  runtime.health.probe("postgres", [this] { return postgres_->refusal(); });
  serve();
  events_.on_batch<MatchCompleted>(kMaxMatchesPerBatch, [this](const auto& events) { return on_completed(events); });
  events_.start();
  server_.start();
}

Service::~Service() = default;

void Service::serve() {
  server_.serve_batch<RegisterPlayer>(kMaxBatch, [this](std::vector<bus::Incoming<RegisterPlayer>>& batch) {
    for (auto& incoming : batch) accounts_.register_player(std::move(incoming));
  });
  server_.serve_batch<LoginPlayer>(kMaxBatch, [this](std::vector<bus::Incoming<LoginPlayer>>& batch) {
    for (auto& incoming : batch) accounts_.log_in(std::move(incoming));
  });
  server_.serve<GetProfile>(
      [this](const GetProfile& r, const bus::Context& c) { return accounts_.get(r, c.caller, c.deadline); });
  server_.serve<UpdateProfile>(
      [this](const UpdateProfile& r, const bus::Context& c) { return accounts_.update(r, c.caller, c.deadline); });
  server_.serve<GetRatings>([this](const GetRatings& r, const bus::Context& c) { return ratings(r, c); });
  server_.serve<GetRatingChanges>([this](const GetRatingChanges& r, const bus::Context& c) { return changes(r, c); });
}

// Services may read the ratings of every tenant, players those of their own.
Reply<Ratings> Service::ratings(const GetRatings& request, const bus::Context& context) {
  auto tenant = request.tenant;
  if (context.caller.role == Role::player) {
    if (tenant && *tenant != context.caller.tenant) return refuse(Code::forbidden);
    tenant = context.caller.tenant;
  }
  if (!request.player_ids) return rating_page(request, tenant, context.deadline);
  if (request.cursor) return refuse_field("/cursor", "does not go with player_ids");
  auto found = store_.ratings_of(tenant, *request.player_ids, runtime_.clock.now(), context.deadline);
  if (!found) return fail(found.error());
  return Ratings{*std::move(found), std::nullopt};
}

Reply<Ratings> Service::rating_page(const GetRatings& request, const std::optional<Tenant>& tenant, Deadline deadline) {
  std::optional<RatingCursor> cursor;
  if (request.cursor) {
    cursor = RatingCursor::parse(*request.cursor);
    if (!cursor || (tenant && cursor->tenant != *tenant))
      return refuse_field("/cursor", "is not a cursor of this request");
  }
  auto page = store_.ratings_after(tenant, cursor, request.limit, runtime_.clock.now(), deadline);
  if (!page) return fail(page.error());
  Ratings answer{std::move(page->ratings), std::nullopt};
  if (page->next) answer.next_cursor = page->next->text();
  return answer;
}

Reply<RatingChanges> Service::changes(const GetRatingChanges& request, const bus::Context& context) {
  const auto& caller = context.caller;
  if (caller.role == Role::player && caller.player != request.player_id) return refuse(Code::forbidden);
  auto found = store_.changes_of(caller.tenant, request, context.deadline);
  if (!found) return fail(found.error());
  return RatingChanges{*std::move(found)};
}

RatedMatch Service::rate(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& rows) const {
  const auto modes = modes_.current();
  const auto before = modes_.previous();
  const auto* rules = modes->find(match.mode);
  if (rules == nullptr) rules = before->find(match.mode);  // the mode was removed during the match
  if (rules == nullptr) log::warning("mode_unknown", {{"match_id", match.match_id}, {"mode", match.mode}});
  return rate_match(match, rows, rules, margin_between(match, rules));
}

// One transaction for the batch. If it fails, the consumer delivers its events again one at a time.
std::vector<bus::Ack> Service::on_completed(const std::vector<bus::Delivered<MatchCompleted>>& events) {
  std::vector<bus::Ack> acks(events.size(), bus::Ack::done);
  std::vector<const MatchCompleted*> matches;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto flaw = flaw_of(events[i].event);
    if (!flaw) {
      matches.push_back(&events[i].event);
      continue;
    }
    const trace::Scope scope(trace::of_match(events[i].event.match_id));
    metrics_.poison.add();
    log::error("match_refused", {{"match_id", events[i].event.match_id}, {"reason", *flaw}});
    acks[i] = bus::Ack::reject;
  }
  const auto decide = [this](const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& rows) {
    return rate(match, rows);
  };
  const auto applied = store_.with_locked_ratings(matches, decide, Deadline::after(kStoreTimeout));
  if (!applied) {
    // An outage of the database ends, so retry. A statement that the database refuses would be refused again.
    const bool refused = applied.error().code == Code::internal_error;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (acks[i] == bus::Ack::reject) continue;
      const bool hopeless = refused && events.size() == 1 && events[i].info.deliveries >= bus::Consumer::kMaxDeliveries;
      acks[i] = hopeless ? bus::Ack::reject : bus::Ack::retry;
    }
    return acks;
  }
  for (const auto& rated : *applied) {
    if (rated) finish(*rated);
    else metrics_.duplicates.add();
  }
  return acks;
}

void Service::finish(const RatedMatch& rated) {
  const trace::Scope scope(trace::of_match(rated.event.match_id));
  (rated.event.rated ? metrics_.rated : metrics_.unrated).add();
  log::info("match_rated",
            {{"match_id", rated.event.match_id}, {"tenant", rated.event.tenant}, {"rated", rated.event.rated}});
  if (rated.event.rated) notify_players(rated);
}

// Called after the commit; best effort: a player who gets no frame sees the rating in the profile.
void Service::notify_players(const RatedMatch& rated) {
  std::vector<bus::Notifier::Frame> frames;
  frames.reserve(rated.changes.size());
  for (const auto& change : rated.changes) {
    frames::RatingChanged data;
    data.match_id = rated.event.match_id;
    data.mode = rated.event.mode;
    data.mmr_before = to_points(change.before.mmr);
    data.mmr_after = to_points(change.after.mmr);
    data.mmr_change = to_points(change.after.mmr - change.before.mmr);
    frames.push_back({change.player_id, frames::RatingChanged::kEvent, wire::encode(data)});
  }
  notifier_.send(rated.event.tenant, frames);
}

}  // namespace mm::profile
