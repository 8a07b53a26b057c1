#include "services/matchmaker/requests/ticket_handler.h"

#include <algorithm>

#include "services/matchmaker/matching/rules/window.h"
#include "services/matchmaker/requests/admission.h"
#include "services/matchmaker/requests/ticket_view.h"

namespace mm::matchmaker {
namespace {

/// Limit of the time used from the caller's deadline; the rest is for the reply's way back.
constexpr Milliseconds kQueueTimeout{1'000};
constexpr const char* kUnverified = "the queue is being compared with session's matches";
}  // namespace

Reply<CancelledTicket> TicketHandler::cancel(const CancelTicket& request, const bus::Context& context) {
  const auto& caller = context.caller;
  Cancellation cancellation{request.ticket_id, std::nullopt, request.reason, request.player_id};
  if (caller.role == Role::player) {
    if (!caller.player) return refuse(Code::forbidden);
    cancellation = {request.ticket_id, caller.player, CloseReason::cancelled, caller.player};
  }
  const auto tenant = tenant_of(request.tenant, caller);
  const auto result = parts_.store.cancel(tenant, cancellation, context.deadline.within(kQueueTimeout));
  if (!result) return fail(storage::to_problem(result.error()));
  switch (result->kind) {
    case EndResult::Kind::ended:
      parts_.tickets_changed(tenant);
      return CancelledTicket{request.ticket_id, TicketStatus::cancelled};
    case EndResult::Kind::already: return CancelledTicket{request.ticket_id, TicketStatus::cancelled};
    case EndResult::Kind::timed_out: return CancelledTicket{request.ticket_id, TicketStatus::timed_out};
    case EndResult::Kind::matched: return refuse(Code::already_matched, "the ticket is in a match");
    case EndResult::Kind::unknown: break;
  }
  return refuse(Code::not_found, "there is no such ticket");
}

Reply<Ticket> TicketHandler::status(const GetTicket& request, const bus::Context& context) {
  const auto& caller = context.caller;
  auto player = request.player_id;
  if (caller.role == Role::player) {
    if (!caller.player) return refuse(Code::forbidden);
    if (player && player != caller.player) return refuse(Code::not_found, "there is no such ticket");
    if (!request.ticket_id) player = caller.player;
  }
  if (!request.ticket_id && !player) return refuse_field("/ticket_id", "or player_id is needed");
  const auto found =
      parts_.store.status(tenant_of(request.tenant, caller), request.ticket_id,
                          request.ticket_id ? std::nullopt : player, context.deadline.within(kQueueTimeout));
  if (!found) return fail(storage::to_problem(found.error()));
  const auto missing = [] {
    return refuse(
        Code::not_found,
        "there is no such ticket: tickets are deleted after their end, and may be lost when the queue is reset");
  };
  if (!*found) return missing();
  if (!is_shown(**found) || !may_see(**found, caller)) return missing();
  if (player && !holds((*found)->ticket, *player)) return missing();
  return view_of(**found, is_trusted(caller));
}

Ticket TicketHandler::view_of(const StatusResult& found, bool with_players) const {
  const auto& ticket = found.ticket;
  Ticket view;
  view.ticket_id = ticket.id;
  view.queue_entry_id = ticket.id;
  view.party_id = ticket.party;
  view.status = status_of(ticket.state);
  if (ticket.mode) view.mode = *ticket.mode;
  if (ticket.region) view.region = *ticket.region;
  view.team_size = ticket.team_size;
  view.queued_at = TimePoint(Milliseconds(first_queued_at(ticket)));
  view.waited_ms = waited_ms(found);
  if (ticket.state == TicketState::matched) view.match_id = ticket.match_id;
  if (with_players) view.players = ticket.players;
  const auto modes = parts_.modes.current();
  if (const auto* rules = modes->find(view.mode)) {
    const auto counted = counted_ms(found);
    view.rating_window = matching::window_points(*rules, counted);
    if (view.status != TicketStatus::searching) return view;
    const auto wait = parts_.waits.estimate(ticket.first_bucket, *rules, kind_of(ticket.players), counted);
    view.estimated_wait_seconds = wait.p50_ms / 1000.0;
    view.estimated_wait_p90_seconds = wait.p90_ms / 1000.0;
  }
  return view;
}

// Idempotent by match_id: if that match is live, the reply is the same as when it was made. After its end it is
// refused.
Reply<MadeMatch> TicketHandler::make(const MakeMatch& request, const bus::Context& context) {
  if (!is_trusted(context.caller)) return refuse(Code::forbidden);
  auto found = admit_match(request, request.tenant, *parts_.modes.current(), parts_.clock.now());
  if (!found) return fail(std::move(found).error());
  if (parts_.holds_back()) return refuse(Code::unavailable, "too many matches are unconfirmed by session");
  const auto queue = parts_.verifier.current();
  if (!queue) return refuse(Code::unavailable, kUnverified);
  const auto deadline = context.deadline.within(kQueueTimeout);
  const auto result = parts_.store.make_match(*found, queue->run, deadline);
  if (!result) return fail(storage::to_problem(result.error()));
  // The owner of the tenant's maintenance partition looks after the match, so the tenant must be in the set of tenants.
  // It is added after the match, because an idle tenant may be retired at any time. A caller that is refused here
  // retries, and the retry adds the tenant.
  if (const auto known = parts_.store.add_tenant(found->tenant, deadline); !known) {
    return fail(storage::to_problem(known.error()));
  }
  switch (result->kind) {
    case MakeResult::Kind::unverified: return refuse(Code::unavailable, kUnverified);
    case MakeResult::Kind::over: return refuse(Code::match_over, "the match has ended");
    case MakeResult::Kind::expired: return refuse(Code::ticket_expired, "the match id was issued too long ago");
    case MakeResult::Kind::claimed: {
      if (!result->claim.ticket) return refuse_for(Code::in_match, {result->claim.player}, "the player is in a match");
      auto refusal = refuse_for(Code::already_queued, {result->claim.player}, "the player is queued");
      refusal.error.ticket_id = result->claim.ticket;
      return refusal;
    }
    case MakeResult::Kind::made: parts_.publisher.announce({*found}); break;
    case MakeResult::Kind::same: break;
  }
  return MadeMatch{found->match_id};
}

Reply<QueueSummary> TicketHandler::queues(const GetQueues& request, const bus::Context& context) {
  if (!is_trusted(context.caller)) return refuse(Code::forbidden);
  const auto deadline = context.deadline.within(kQueueTimeout);
  std::vector<Tenant> tenants;
  if (request.tenant) {
    tenants = {*request.tenant};
  } else {
    auto known = parts_.store.tenants(deadline);
    if (!known) return fail(storage::to_problem(known.error()));
    tenants = std::move(*known);
    std::sort(tenants.begin(), tenants.end());
  }
  QueueSummary summary;
  for (const auto& tenant : tenants) {
    auto buckets = parts_.store.summaries(tenant, deadline);
    if (!buckets) return fail(storage::to_problem(buckets.error()));
    std::move(buckets->begin(), buckets->end(), std::back_inserter(summary.buckets));
  }
  return summary;
}

}  // namespace mm::matchmaker
