#include "services/matchmaker/requests/enqueue_handler.h"

#include <algorithm>

#include "services/matchmaker/matching/rules/window.h"

namespace mm::matchmaker {
namespace {

/// Time limit for the queue's reply to one batch. A caller with less time left reaches its own deadline first.
constexpr Milliseconds kBatchTimeout{1'000};
/// Session's answer that a match goes on is cached for this long, so a player who retries causes one request a second.
constexpr Seconds kPlayingLifetime{1};
constexpr std::size_t kMaxPlaying = 10'000;

}  // namespace

void EnqueueHandler::handle(std::vector<bus::Incoming<Enqueue>>& incoming) {
  Batch batch;
  const auto now = parts_.clock.now();
  const auto modes = parts_.modes.current();
  for (auto& one : incoming) {
    const auto& tenant = one.context.caller.role == Role::player ? one.context.caller.tenant : one.request.tenant;
    auto ticket = admit(one.request, tenant, *modes, now);
    if (!ticket) {
      parts_.metrics.enqueue_refused.add();
      one.answer(fail(std::move(ticket).error()));
      continue;
    }
    const auto& rules = *modes->find(ticket->mode);
    const auto wait = parts_.waits.estimate(ticket->buckets.front(), rules, kind_of(ticket->players), 0);
    ticket->answer.p50_seconds = wait.p50_ms / 1000.0;
    ticket->answer.p90_seconds = wait.p90_ms / 1000.0;
    ticket->answer.window = matching::window_points(rules, 0);
    if (one.context.deadline.when() > batch.deadline.when()) batch.deadline = one.context.deadline;
    batch.tickets.push_back(std::move(*ticket));
    batch.answers.push_back(std::move(one.answer));
  }
  if (!batch.tickets.empty()) submit(std::move(batch));
}

void EnqueueHandler::submit(Batch batch) {
  const auto deadline = batch.deadline.within(kBatchTimeout);
  const auto refuse_all = [&] {
    parts_.metrics.enqueue_failed.add(static_cast<double>(batch.answers.size()));
    for (auto& answer : batch.answers) answer(refuse(Code::unavailable, "the queue does not answer"));
  };
  for (const auto& ticket : batch.tickets) {
    if (!parts_.tenants.add(ticket.tenant, deadline)) return refuse_all();
  }
  const auto results = parts_.store.enqueue(batch.tickets, deadline);
  if (!results) return refuse_all();

  Batch again;
  std::vector<Claim> claims;
  again.deadline = batch.deadline;
  bool opened = false;
  for (std::size_t i = 0; i < results->size(); ++i) {
    const auto& result = (*results)[i];
    if (result.new_bucket) {
      opened = true;
      parts_.tenants.add_again(batch.tickets[i].tenant, deadline);
    }
    if (result.kind == EnqueueResult::Kind::claimed && result.claim.match) {
      claims.push_back(result.claim);
      again.tickets.push_back(std::move(batch.tickets[i]));
      again.answers.push_back(std::move(batch.answers[i]));
      continue;
    }
    batch.answers[i](answer_of(batch.tickets[i], result));
  }
  if (opened) parts_.bucket_opened();
  if (!again.tickets.empty()) try_again(std::move(again), claims);
}

void EnqueueHandler::try_again(Batch batch, const std::vector<Claim>& claims) {
  const auto deadline = batch.deadline.within(kBatchTimeout);
  Batch free;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (is_over(batch.tickets[i].tenant, *claims[i].match, deadline)) {
      free.tickets.push_back(std::move(batch.tickets[i]));
      free.answers.push_back(std::move(batch.answers[i]));
    } else {
      parts_.metrics.enqueue_refused.add();
      batch.answers[i](refuse_for(Code::in_match, {claims[i].player}, "the player is in a match"));
    }
  }
  if (free.tickets.empty()) return;
  const auto results = parts_.store.enqueue(free.tickets, deadline);
  for (std::size_t i = 0; i < free.answers.size(); ++i) {
    free.answers[i](results ? answer_of(free.tickets[i], (*results)[i])
                            : refuse(Code::unavailable, "the queue does not answer"));
  }
}

// Session decides, and what it answers is applied. Without an answer the claim stays.
bool EnqueueHandler::is_over(const Tenant& tenant, MatchId match, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    const auto asked = playing_.find(match);
    if (asked != playing_.end() && parts_.clock.steady() - asked->second < kPlayingLifetime) return false;
  }
  const LiveMatch live{tenant, match};
  const auto results = parts_.outcomes.reconcile({live}, deadline);
  if (results && results->contains(live) && results->at(live) == Outcomes::ReconcileResult::over) return true;
  const MutexLock lock(mutex_);
  if (playing_.size() >= kMaxPlaying) playing_.clear();
  playing_[match] = parts_.clock.steady();
  return false;
}

Reply<Enqueued> EnqueueHandler::answer_of(const NewTicket& ticket, const EnqueueResult& result) {
  using Kind = EnqueueResult::Kind;
  auto& metrics = parts_.metrics;
  if (result.kind == Kind::queued || result.kind == Kind::same) {
    (result.kind == Kind::queued ? metrics.enqueued : metrics.enqueued_again).add();
    Enqueued answer;
    answer.ticket_id = ticket.id;
    answer.bucket = ticket.buckets.front();
    answer.queued_at = TimePoint(Milliseconds(result.answer.queued_at));
    answer.estimated_wait_seconds = result.answer.p50_seconds;
    answer.estimated_wait_p90_seconds = result.answer.p90_seconds;
    answer.rating_window = result.answer.window;
    return answer;
  }
  (result.kind == Kind::failed ? metrics.enqueue_failed : metrics.enqueue_refused).add();
  switch (result.kind) {
    case Kind::conflict: return refuse(Code::ticket_conflict, "the ticket id belongs to another request");
    case Kind::expired: return refuse(Code::ticket_expired, "the ticket id was issued too long ago");
    case Kind::party_changed: return refuse(Code::party_changed, "the party has changed in the meantime");
    case Kind::in_party: return refuse_for(Code::in_party, {result.claim.player}, "the player is in a party");
    case Kind::full: return refuse(Code::queue_full, "the queue is full");
    case Kind::claimed: {
      if (!result.claim.ticket) return refuse_for(Code::in_match, {result.claim.player}, "the player is in a match");
      auto refusal = refuse_for(Code::already_queued, {result.claim.player}, "the player is queued already");
      refusal.error.ticket_id = result.claim.ticket;
      return refusal;
    }
    case Kind::queued:
    case Kind::same:
    case Kind::failed: break;
  }
  return refuse(Code::unavailable, "the queue does not answer");
}

}  // namespace mm::matchmaker
