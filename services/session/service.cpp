#include "services/session/service.h"

#include "common/bus/outbox.h"
#include "common/contracts/subjects.h"
#include "common/daemon/startup.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"
#include "common/storage/postgres.h"
#include "common/storage/redis.h"
#include "common/wire/codec.h"
#include "common/wire/mode_table.h"
#include "services/session/core/initial_state.h"
#include "services/session/core/recent.h"
#include "services/session/report.h"

namespace mm::session {
namespace {

constexpr int kHeartbeatSeconds = 5;
/// While the row is still allocating: the game server is up before session has stored the allocation.
constexpr int kEarlyHeartbeatSeconds = 1;
constexpr Milliseconds kStoreTimeout{2'000};
constexpr int kDatabaseConnections = 10;
constexpr int kCacheConnections = 2;
/// Matches stored in one transaction.
constexpr int kMaxFoundPerBatch = 100;
/// Results judged in one transaction, and transactions at the same time.
constexpr int kMaxResultsPerBatch = 50;
constexpr int kResultThreads = 2;

bool is_server_of(const Caller& caller, MatchId match) { return caller.role == Role::server && caller.match == match; }

Failure<Problem> unknown_match() { return refuse(Code::not_found, "there is no such match"); }

std::optional<MatchCompleted> result_of(const Match& match) {
  if (match.status != MatchStatus::completed) return std::nullopt;
  auto result = wire::decode<MatchCompleted>(match.ended_event, wire::Unknown::ignored, bus::Bus::kTrusted);
  check(result.ok(), "session.match holds a value that session never writes");
  return *std::move(result);
}

/// Body of events.violation.result_conflict.
struct ConflictingResult {
  MatchId match_id;
};
template <class F>
void describe(F& f, ConflictingResult& m) {
  f("match_id", m.match_id);
}

}  // namespace

Service::Service(const Settings& settings, Runtime& runtime, const Timing& timing)
    : runtime_(runtime),
      timing_(timing),
      modes_(daemon::load_modes(settings.modes_file), settings.modes_file, runtime.metrics),
      tokens_(runtime.credentials.require("server_token_key")),
      metrics_(runtime.metrics),
      cache_(
          std::make_unique<storage::Redis>(daemon::redis_cache(runtime, settings.redis_cache_url, kCacheConnections))),
      postgres_(daemon::open_postgres(runtime, {.url = settings.postgres_url,
                                                .schema = "session",
                                                .connections = kDatabaseConnections,
                                                .allow_weak = settings.allow_weak_stores})),
      outbox_(std::make_unique<bus::Outbox>(*postgres_, runtime.bus, "session", runtime.metrics)),
      store_(*postgres_, *outbox_),
      queue_store_(*postgres_),
      notifier_(runtime.bus, *cache_, runtime.clock),
      match_notifier_(runtime.bus, notifier_, tokens_, metrics_),
      servers_(store_, runtime.bus, tokens_, match_notifier_, metrics_),
      sweeper_(store_, servers_, match_notifier_, runtime.bus, timing),
      server_(runtime.bus, {.name = std::string(kName), .description = "Matches from found to over"}, runtime.metrics),
      events_(runtime.bus, streams::kMatch, {.name = std::string(kName), .batch = kMaxFoundPerBatch}, runtime.metrics) {
  runtime.health.probe("postgres", [this] { return postgres_->refusal(); });
  server_.serve<GetMatch>([this](const GetMatch& r, const bus::Context& c) { return get(r, c); });
  server_.serve<GetRecentMatches>([this](const GetRecentMatches& r, const bus::Context& c) { return recent(r, c); });
  server_.serve<Heartbeat>([this](const Heartbeat& r, const bus::Context& c) { return heartbeat(r, c); });
  server_.serve_batch<ReportResult>(
      kMaxResultsPerBatch, [this](std::vector<bus::Incoming<ReportResult>>& batch) { report(batch); }, kResultThreads);
  server_.serve<ReconcileMatches>([this](const ReconcileMatches& r, const bus::Context& c) { return reconcile(r, c); });
  server_.serve<RecordGeneration>(
      [this](const RecordGeneration& r, const bus::Context& c) { return record_generation(r, c); });
  server_.serve<ListOpenMatches>(
      [this](const ListOpenMatches& r, const bus::Context& c) { return open_matches(r, c); });
  events_.on_batch<MatchFound>(kMaxFoundPerBatch, [this](const auto& events) { return on_found(events); });
  server_.start();
  events_.start();
}

Service::~Service() = default;

runtime::LiveModes::Table Service::modes_of(const MatchFound& found) {
  if (auto modes = modes_.current(); !bad_roster(found, *modes)) return modes;
  modes_.reload();
  auto modes = modes_.current();
  return bad_roster(found, *modes) && !bad_roster(found, *modes_.previous()) ? modes_.previous() : modes;
}

Store::Arrival Service::arrival_of(const MatchFound& found) { return {found, bad_roster(found, *modes_of(found))}; }

Reply<std::vector<Store::Stored>> Service::store_found(const std::vector<Store::Arrival>& arrivals, Deadline deadline) {
  const auto decide = [&](const Store::Arrival& arrival, const Match& row, const std::set<PlayerId>& busy) {
    return initial_refusal(row, {arrival.bad_roster, busy, timing_.max_found_age});
  };
  auto stored = store_.insert_found(arrivals, decide, deadline);
  if (!stored) return stored;
  for (const auto& [match, fresh, refused] : *stored) {
    if (!fresh) {
      metrics_.duplicates.add();
      continue;
    }
    const trace::Scope scope(trace::of_match(match.id));
    match_notifier_.status_changed(match, std::nullopt);
    if (match.status == MatchStatus::allocating) {
      servers_.allocate(match);
    } else {
      log::warning("match_stored_as_cancelled", {{"match_id", match.id}, {"reason", refused}});
    }
  }
  return stored;
}

std::vector<bus::Ack> Service::on_found(const std::vector<bus::Delivered<MatchFound>>& events) {
  std::vector<Store::Arrival> arrivals;
  for (const auto& delivered : events) arrivals.push_back(arrival_of(delivered.event));
  const bool stored = store_found(arrivals, Deadline::after(kStoreTimeout)).ok();
  return std::vector<bus::Ack>(events.size(), stored ? bus::Ack::done : bus::Ack::retry);
}

Reply<MatchStates> Service::reconcile(const ReconcileMatches& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  std::vector<Store::Arrival> arrivals;
  for (const auto& found : request.matches) arrivals.push_back(arrival_of(found));
  const auto stored = store_found(arrivals, context.deadline.within(kStoreTimeout));
  if (!stored) return fail(stored.error());
  MatchStates answer;
  for (const auto& [match, fresh, refused] : *stored) {
    auto& state = answer.matches.emplace_back(MatchState{match.id, match.status, fresh, match.reason, {}});
    if (match.status == MatchStatus::cancelled) state.requeue = match.requeue;
  }
  return answer;
}

Reply<RecordedGeneration> Service::record_generation(const RecordGeneration& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  return queue_store_.record(request.generation, context.deadline.within(kStoreTimeout));
}

Reply<OpenMatches> Service::open_matches(const ListOpenMatches& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  return queue_store_.open_matches(request.after, context.deadline.within(kStoreTimeout));
}

Reply<MatchView> Service::get(const GetMatch& request, const bus::Context& context) {
  const auto match = load(request, context);
  if (!match) return fail(match.error());
  if (!*match) return request.match_id ? unknown_match() : refuse(Code::no_match);
  return view_for(**match, context.caller);
}

Reply<std::optional<Match>> Service::load(const GetMatch& request, const bus::Context& context) {
  if (request.match_id) return store_.find(*request.match_id, context.deadline);
  if (!request.player_id) return refuse_field("/match_id", "is missing");
  const auto& caller = context.caller;
  if (caller.role == Role::player && caller.player != request.player_id) return std::optional<Match>();
  return store_.find_live(caller.tenant, *request.player_id, context.deadline);
}

// A caller without a right to the match gets the same answer as for an unknown match.
Reply<MatchView> Service::view_for(const Match& match, const Caller& caller) const {
  switch (caller.role) {
    case Role::service:
    case Role::admin: return seen_by_service(match);
    case Role::server:
      if (!is_server_of(caller, match.id)) return unknown_match();
      return seen_by_service(match);
    case Role::player: break;
  }
  if (!caller.player || caller.tenant != match.tenant || team_of(match, *caller.player) < 0) return unknown_match();
  auto view = seen_by_player(match, *caller.player);
  if (is_playable(match.status)) {
    view.join_token = tokens_.join_token(match, *caller.player);
    view.expires_at = Tokens::expires_at(match);
  }
  return view;
}

Reply<RecentMatches> Service::recent(const GetRecentMatches& request, const bus::Context& context) {
  const auto& caller = context.caller;
  if (caller.role == Role::player && caller.player != request.player_id) return refuse(Code::forbidden);
  const auto matches = store_.recent(caller.tenant, request.player_id, context.deadline);
  if (!matches) return fail(matches.error());
  RecentMatches answer;
  for (const auto& match : *matches) answer.matches.push_back(recent_view(match, request.player_id, result_of(match)));
  return answer;
}

Reply<HeartbeatAnswer> Service::heartbeat(const Heartbeat& request, const bus::Context& context) {
  if (!is_server_of(context.caller, request.match_id)) return refuse(Code::forbidden);
  if (request.status == ServerPhase::aborted) return abort(request.match_id, context.deadline);
  const auto recorded =
      store_.record_heartbeat(request.match_id, request.status == ServerPhase::running, context.deadline);
  if (!recorded) return fail(recorded.error());
  if (!recorded->match) return unknown_match();
  if (recorded->started) match_notifier_.status_changed(*recorded->match, MatchStatus::ready);
  if (recorded->counted) return HeartbeatAnswer{true, kHeartbeatSeconds};
  if (is_over(recorded->match->status)) return refuse(Code::match_over);
  return HeartbeatAnswer{true, kEarlyHeartbeatSeconds};
}

// Voids the match, as a void result does. A repeated abort gets the same answer.
Reply<HeartbeatAnswer> Service::abort(MatchId match, Deadline deadline) {
  Report report;
  report.voids = true;
  const auto settled = settle({{match, report}}, deadline).at(match);
  if (!settled) return fail(settled.error());
  return HeartbeatAnswer{true, kHeartbeatSeconds};
}

// One transaction judges a match once, so a second report about the same match goes into the next transaction.
void Service::report(std::vector<bus::Incoming<ReportResult>>& batch) {
  while (!batch.empty()) {
    std::map<MatchId, Report> reports;
    std::vector<bus::Incoming<ReportResult>> read;
    std::vector<bus::Incoming<ReportResult>> later;
    auto deadline = batch.front().context.deadline;
    for (auto& one : batch) {
      const auto match = one.request.match_id;
      if (!is_server_of(one.context.caller, match)) {
        one.answer(refuse(Code::forbidden));
      } else if (reports.contains(match)) {
        later.push_back(std::move(one));
      } else if (auto report = read_report(one.request); !report) {
        one.answer(fail(std::move(report).error()));
      } else {
        reports.emplace(match, *std::move(report));
        if (one.context.deadline.when() > deadline.when()) deadline = one.context.deadline;
        read.push_back(std::move(one));
      }
    }
    const auto answers = settle(reports, deadline.within(kStoreTimeout));
    for (auto& one : read) one.answer(answers.at(one.request.match_id));
    batch = std::move(later);
  }
}

std::map<MatchId, Reply<ResultAnswer>> Service::settle(const std::map<MatchId, Report>& reports, Deadline deadline) {
  std::map<MatchId, Reply<ResultAnswer>> answers;
  if (reports.empty()) return answers;
  std::vector<MatchId> matches;
  for (const auto& [match, report] : reports) matches.push_back(match);
  const auto decide = [&](const Match& row, TimePoint now) { return judge(row, reports.at(row.id), now); };
  const auto judged = store_.with_locked(matches, decide, deadline);
  if (!judged && judged.error().code == Code::internal_error && reports.size() > 1) {
    // A match that cannot be written must not fail the others.
    for (const auto& one : reports) answers.merge(settle({one}, deadline));
    return answers;
  }
  for (const auto match : matches) {
    if (!judged) answers.emplace(match, fail(judged.error()));
    else if (const auto found = judged->find(match); found != judged->end())
      answers.emplace(match, finish(found->second));
    else answers.emplace(match, unknown_match());
  }
  return answers;
}

Reply<ResultAnswer> Service::finish(const Store::Judged& judged) {
  const auto match = judged.match.id;
  const trace::Scope scope(trace::of_match(match));
  switch (judged.judgement.verdict) {
    case Verdict::accept:
      match_notifier_.status_changed(judged.match, judged.before);
      servers_.release(match);
      break;
    case Verdict::repeated: metrics_.results_repeated.add(); break;
    case Verdict::conflict:
      metrics_.results_refused.add();
      log::warning("result_conflicted", {{"match_id", match}});
      (void)runtime_.bus.publish(violation_subject("result_conflict"), wire::encode(ConflictingResult{match}));
      return refuse(Code::result_conflict);
    case Verdict::over: metrics_.results_refused.add(); return refuse(Code::match_over);
    case Verdict::not_yet: return refuse(Code::not_ready_yet);
    case Verdict::invalid: return fail(wire::invalid(judged.judgement.errors));
  }
  return ResultAnswer{match, judged.match.status};
}

}  // namespace mm::session
