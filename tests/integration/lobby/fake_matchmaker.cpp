#include "tests/integration/lobby/fake_matchmaker.h"

#include <stdexcept>

namespace mm::testing {
namespace {

using matchmaker::EndResult;
using matchmaker::EnqueueResult;

Deadline in_time() { return Deadline::after(Milliseconds{5'000}); }

TimePoint time_of(matchmaker::BucketMs ms) { return TimePoint(Milliseconds(static_cast<std::int64_t>(ms))); }

template <class R>
auto must(R result) {
  if (!result) throw std::runtime_error("the queue does not answer");
  return std::move(*result);
}

Reply<Enqueued> answer_of(const EnqueueResult& result, const Enqueue& request, const std::string& bucket) {
  switch (result.kind) {
    case EnqueueResult::Kind::queued:
    case EnqueueResult::Kind::same:
      return Enqueued{*request.ticket_id, bucket, time_of(result.answer.queued_at), 10, 20, 100};
    case EnqueueResult::Kind::claimed: {
      auto refusal = refuse_for(result.claim.ticket ? Code::already_queued : Code::in_match, {result.claim.player}, "");
      refusal.error.ticket_id = result.claim.ticket;
      return refusal;
    }
    case EnqueueResult::Kind::in_party: return refuse_for(Code::in_party, {result.claim.player}, "");
    case EnqueueResult::Kind::party_changed: return refuse(Code::party_changed);
    case EnqueueResult::Kind::conflict: return refuse(Code::ticket_conflict);
    case EnqueueResult::Kind::expired: return refuse(Code::ticket_expired);
    default: return refuse(Code::unavailable);
  }
}

TicketStatus status_of(matchmaker::TicketState state) {
  switch (state) {
    case matchmaker::TicketState::queued: return TicketStatus::searching;
    case matchmaker::TicketState::matched: return TicketStatus::matched;
    case matchmaker::TicketState::timed_out: return TicketStatus::timed_out;
    default: return TicketStatus::cancelled;
  }
}

}  // namespace

FakeMatchmaker::FakeMatchmaker(bus::Bus& bus, storage::Redis& queue, metrics::Registry& metrics)
    : bus_(bus),
      store_(queue, {}),
      owner_store_(queue),
      generation_store_(queue),
      server_(bus, {.name = "matchmaker", .workers = 8}, metrics) {
  server_.serve<Enqueue>([this](const Enqueue& request, const bus::Context&) { return enqueue(request); });
  server_.serve<CancelTicket>([this](const CancelTicket& request, const bus::Context&) { return cancel(request); });
  server_.serve<GetTicket>([this](const GetTicket& request, const bus::Context&) -> Reply<Ticket> {
    auto found = ticket(request.ticket_id.value_or(TicketId{}), request.tenant);
    if (!found) return refuse(Code::not_found);
    return std::move(*found);
  });
  server_.start();
}

void FakeMatchmaker::before_enqueue(std::function<void(const Enqueue&)> hook) {
  std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

std::vector<Enqueue> FakeMatchmaker::enqueues() const {
  std::lock_guard lock(mutex_);
  return enqueues_;
}

std::optional<Enqueue> FakeMatchmaker::last_enqueue_of(PlayerId player) const {
  std::optional<Enqueue> last;
  for (const auto& request : enqueues()) {
    for (const auto& one : request.players) {
      if (one.player_id == player) last = request;
    }
  }
  return last;
}

Reply<Enqueued> FakeMatchmaker::enqueue(const Enqueue& request) {
  std::function<void(const Enqueue&)> hook;
  {
    std::lock_guard lock(mutex_);
    enqueues_.push_back(request);
    hook = hook_;
  }
  if (hook) hook(request);
  const matchmaker::Bucket bucket{request.tenant, request.mode, request.region, *request.team_size};
  matchmaker::NewTicket ticket;
  ticket.id = *request.ticket_id;
  ticket.tenant = request.tenant;
  ticket.content = wire::encode(request.mode);
  ticket.players = request.players;
  ticket.party = request.party_id;
  ticket.party_version = request.party_version;
  ticket.mode = request.mode;
  ticket.region = request.region;
  ticket.team_size = *request.team_size;
  ticket.buckets = {bucket.text()};
  ticket.max_wait = Milliseconds{600'000};
  if (!store_.add_tenant(request.tenant, in_time())) return refuse(Code::unavailable);
  const auto results = store_.enqueue({ticket}, in_time());
  if (!results) return refuse(Code::unavailable);
  return answer_of(results->front(), request, bucket.text());
}

Reply<CancelledTicket> FakeMatchmaker::cancel(const CancelTicket& request) {
  const auto result =
      store_.cancel(request.tenant, {request.ticket_id, std::nullopt, request.reason, request.player_id}, in_time());
  if (!result) return refuse(Code::unavailable);
  switch (result->kind) {
    case EndResult::Kind::matched: return refuse(Code::already_matched);
    case EndResult::Kind::unknown: return refuse(Code::not_found);
    default: return CancelledTicket{request.ticket_id, TicketStatus::cancelled};
  }
}

std::string FakeMatchmaker::lease(const Tenant& tenant, const std::string& bucket) {
  const auto partition = matchmaker::partition_of(bucket);
  auto& token = leases_[tenant.str() + partition];
  if (token.empty()) {
    token = must(owner_store_.acquire_leases({{{tenant, partition}, "", "", "test"}}, in_time())).front().token;
  }
  return token;
}

MatchId FakeMatchmaker::match(const Tenant& tenant, const std::vector<TicketId>& tickets) {
  std::lock_guard lock(mutex_);
  MatchFound found;
  found.match_id = MatchId::fresh(SystemClock{}.now());
  found.tenant = tenant;
  found.created_at = SystemClock{}.now();
  matchmaker::CommitRequest request;
  for (const auto& id : tickets) {
    const auto ticket = must(store_.status(tenant, id, std::nullopt, in_time()))->ticket;
    found.mode = *ticket.mode;
    found.region = *ticket.region;
    found.team_size = ticket.team_size;
    auto& team = found.teams.emplace_back();
    for (const auto& player : ticket.players)
      team.players.push_back({player.player_id, id, ticket.party, player.mmr, 0});
    request.bucket = ticket.first_bucket;
    request.name = {tenant, ticket.partition};
    request.seats.push_back({id, ticket.attempt, ticket.change, 0, 0});
  }
  owner_store_.use({must(generation_store_.read(in_time())).run, 1});
  request.token = lease(tenant, request.bucket);
  request.found = found;
  const auto decided = must(owner_store_.decide({request}, {}, in_time()));
  if (decided.commits.front().kind != matchmaker::CommitResult::Kind::ok) throw std::runtime_error("commit refused");
  matches_[found.match_id] = found;
  must(bus_.store(found, found.match_id.to_string() + ".1", in_time()));
  return found.match_id;
}

MatchFound FakeMatchmaker::found(MatchId match) {
  std::lock_guard lock(mutex_);
  return matches_.at(match);
}

void FakeMatchmaker::publish_completed(MatchId match, const std::string& copy) {
  const auto from = found(match);
  MatchCompleted event;
  event.match_id = match;
  event.tenant = from.tenant;
  event.mode = from.mode;
  event.region = from.region;
  event.winning_team = 0;
  for (const auto& team : from.teams) {
    auto& players = event.teams.emplace_back();
    for (const auto& player : team.players) {
      players.push_back({player.player_id, player.ticket_id, player.party_id, player.mmr, {}});
    }
  }
  must(bus_.store(event, match.to_string() + ".completed." + copy, in_time()));
}

void FakeMatchmaker::publish_cancelled(MatchId match, const std::vector<TicketId>& requeue) {
  const auto from = found(match);
  MatchCancelled event;
  event.match_id = match;
  event.tenant = from.tenant;
  event.requeue = requeue;
  for (const auto& team : from.teams) {
    auto& players = event.teams.emplace_back();
    for (const auto& player : team.players) players.push_back(player.player_id);
  }
  must(bus_.store(event, match.to_string() + ".cancelled", in_time()));
}

void FakeMatchmaker::apply_completed(MatchId match) {
  must(store_.outcome({found(match).tenant, match, matchmaker::OutcomeKind::completed, {}, {}}, in_time()));
}

void FakeMatchmaker::apply_cancelled(MatchId match, const std::vector<TicketId>& requeue) {
  must(store_.outcome(
      {found(match).tenant, match, matchmaker::OutcomeKind::cancelled, CancelReason::no_server, requeue}, in_time()));
}

int FakeMatchmaker::relay(const Tenant& tenant) {
  const auto events = must(store_.outbox(tenant, 1000, in_time()));
  std::vector<std::string> entries;
  for (const auto& event : events) {
    must(bus_.store(event.subject, event.body, event.message_id, trace::current(), in_time()));
    entries.push_back(event.entry);
  }
  if (!entries.empty()) must(store_.relayed(tenant, bus_.server_id(), entries, in_time()));
  return static_cast<int>(entries.size());
}

std::optional<Ticket> FakeMatchmaker::ticket(TicketId id, const Tenant& tenant) {
  const auto status = store_.status(tenant, id, std::nullopt, in_time());
  if (!status || !*status) return std::nullopt;
  const auto& stored = (*status)->ticket;
  Ticket ticket;
  ticket.ticket_id = id;
  ticket.queue_entry_id = id;
  ticket.party_id = stored.party;
  ticket.status = status_of(stored.state);
  ticket.mode = *stored.mode;
  ticket.region = *stored.region;
  ticket.team_size = stored.team_size;
  ticket.queued_at = time_of(stored.queued_at);
  ticket.match_id = stored.match_id;
  ticket.players = stored.players;
  return ticket;
}

}  // namespace mm::testing
