#include "services/leaderboard/service.h"

#include "common/daemon/startup.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"
#include "common/storage/postgres.h"

namespace mm::leaderboard {
namespace {

/// Less than the time after which another instance gets the event.
constexpr Milliseconds kStoreTimeout{4'000};
constexpr int kDatabaseConnections = 6;

Seasons seasons_of(const Settings& settings) {
  auto seasons = Seasons::parse(settings.seasons);
  check(seasons.ok(), "MM_SEASONS was checked when it was read");
  return *std::move(seasons);
}

double seconds_between(SteadyPoint from, SteadyPoint to) { return std::chrono::duration<double>(to - from).count(); }

Failure<Problem> invalid_cursor() { return refuse_field("/cursor", "is not a cursor of this request"); }

std::optional<PlayerId> player_of(const Caller& caller) {
  return caller.role == Role::player ? caller.player : std::nullopt;
}

}  // namespace

Service::Service(const Settings& settings, Runtime& runtime)
    : runtime_(runtime),
      seasons_(seasons_of(settings)),
      metrics_(runtime.metrics),
      postgres_(daemon::open_postgres(runtime, {.url = settings.postgres_url,
                                                .schema = "leaderboard",
                                                .connections = kDatabaseConnections,
                                                .allow_weak = settings.allow_weak_stores})),
      store_(*postgres_),
      dead_letters_(*postgres_, runtime.metrics),
      events_(runtime.bus, streams::kMatch, {.name = std::string(kName)}, runtime.metrics),
      server_(runtime.bus, {.name = std::string(kName), .description = "Standings and finished matches"},
              runtime.metrics) {
  runtime.health.probe("postgres", [this] { return postgres_->refusal(); });
  server_.serve<GetLeaderboard>([this](const GetLeaderboard& r, const bus::Context& c) { return top(r, c); });
  server_.serve<GetHistory>([this](const GetHistory& r, const bus::Context& c) { return history(r, c); });
  server_.serve<GetFinishedMatch>([this](const GetFinishedMatch& r, const bus::Context& c) { return match(r, c); });
  dead_letters_.serve_on(server_);
  events_.on<MatchRated>([this](const MatchRated& match, const bus::EventInfo& info) { return on_rated(match, info); });
  events_.start();
  server_.start();
}

Service::~Service() = default;

Reply<LeaderboardPage> Service::top(const GetLeaderboard& request, const bus::Context& context) {
  const auto now = runtime_.clock.now();
  const auto season = request.season ? request.season : seasons_.at(now);
  if (!season || !seasons_.has_begun(*season, now)) return refuse(Code::unknown_season);
  const BoardKey key{context.caller.tenant, *season, request.mode, request.region};
  std::optional<Place> after;
  if (request.cursor) {
    after = read_board_cursor(key, *request.cursor);
    if (!after) return invalid_cursor();
  }
  auto found = store_.top(key, after, request.limit, player_of(context.caller), context.deadline);
  if (!found) return fail(found.error());
  LeaderboardPage page;
  page.season = *season;
  page.mode = request.mode;
  page.region = request.region;
  page.entries = std::move(found->entries);
  page.total = found->total;
  if (found->next) page.next_cursor = board_cursor(key, *found->next);
  page.your_rank = found->your_rank;
  return page;
}

Reply<HistoryPage> Service::history(const GetHistory& request, const bus::Context& context) {
  const auto player = request.player_id ? request.player_id : player_of(context.caller);
  if (!player) return refuse_field("/player_id", "is missing");
  const HistoryKey key{context.caller.tenant, *player, request.mode};
  std::optional<HistoryPlace> after;
  if (request.cursor) {
    after = read_history_cursor(key, *request.cursor);
    if (!after) return invalid_cursor();
  }
  auto found = store_.history(key, after, request.limit, context.deadline);
  if (!found) return fail(found.error());
  HistoryPage page{std::move(found->matches), std::nullopt};
  if (found->next) page.next_cursor = history_cursor(key, *found->next);
  return page;
}

Reply<FinishedMatch> Service::match(const GetFinishedMatch& request, const bus::Context& context) {
  auto found = store_.find_match(context.caller.tenant, request.match_id, context.deadline);
  if (!found) return fail(found.error());
  if (!*found) return refuse(Code::not_found, "there is no such finished match");
  return **std::move(found);
}

bus::Ack Service::on_rated(const MatchRated& match, const bus::EventInfo& info) {
  const trace::Scope scope(trace::of_match(match.match_id));
  if (const auto flaw = flaw_of(match)) {
    metrics_.poison.add();
    log::error("match_refused", {{"match_id", match.match_id}, {"reason", *flaw}});
    return bus::Ack::reject;
  }
  const auto record = record_of(match, seasons_.at(match.ended_at));
  const auto began = runtime_.clock.steady();
  const auto applied = store_.apply(match, record, Deadline::after(kStoreTimeout));
  if (!applied) {
    // An outage of the database ends, so retry. A statement that the database refuses would be refused again.
    const bool hopeless =
        applied.error().code == Code::internal_error && info.deliveries >= bus::Consumer::kMaxDeliveries;
    return hopeless ? bus::Ack::reject : bus::Ack::retry;
  }
  if (!*applied) {
    metrics_.duplicates.add();
    return bus::Ack::done;
  }
  (record.in_standings ? metrics_.in_standings : metrics_.history_only).add();
  log::info("match_listed", {{"match_id", match.match_id}, {"tenant", match.tenant}});
  metrics_.apply_seconds.observe(seconds_between(began, runtime_.clock.steady()));
  metrics_.lag_seconds.observe(std::chrono::duration<double>(runtime_.clock.now() - match.ended_at).count());
  return bus::Ack::done;
}

}  // namespace mm::leaderboard
