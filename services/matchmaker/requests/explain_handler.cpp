#include "services/matchmaker/requests/explain_handler.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/runtime/trace.h"
#include "common/wire/codec.h"
#include "services/matchmaker/matching/explain/explain.h"
#include "services/matchmaker/matching/ticket/latency.h"
#include "services/matchmaker/owner/lease.h"
#include "services/matchmaker/requests/ticket_view.h"

namespace mm::matchmaker {
namespace {

/// Limit of the time used from the caller's deadline; the rest is for the reply's way back.
constexpr Milliseconds kTimeout{1'500};

std::string seconds_text(BucketMs ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000);
  return text;
}

Explanation explanation_of_end(const StatusResult& found) {
  const auto& ticket = found.ticket;
  Explanation explanation;
  explanation.ticket_id = ticket.id;
  explanation.status = status_of(ticket.state);
  if (ticket.mode) explanation.mode = *ticket.mode;
  if (ticket.region) explanation.region = *ticket.region;
  explanation.team_size = ticket.team_size;
  explanation.waited_ms = waited_ms(found);
  const auto after = " after " + seconds_text(explanation.waited_ms) + ".";
  switch (explanation.status) {
    case TicketStatus::matched: explanation.summary = "It was matched" + after; break;
    case TicketStatus::cancelled: explanation.summary = "It was cancelled" + after; break;
    case TicketStatus::timed_out: explanation.summary = "It found no match in time and timed out" + after; break;
    case TicketStatus::searching: break;
  }
  return explanation;
}

/// For a mode that was removed from the mode table: its tickets only time out.
Explanation explanation_without_mode(const TicketSnapshot& seen) {
  Explanation explanation;
  explanation.ticket_id = seen.ticket.id;
  explanation.mode = seen.bucket.mode;
  explanation.region = seen.bucket.region;
  explanation.team_size = seen.bucket.team_size;
  explanation.waited_ms = std::max<BucketMs>(0, seen.now - seen.ticket.queued_at);
  Forecast forecast;
  forecast.outcome = WaitOutcome::times_out;
  const auto remaining = std::max<BucketMs>(0, seen.ticket.deadline - seen.now);
  forecast.in_seconds = static_cast<double>(remaining) / 1000;
  forecast.at_waited_ms = explanation.waited_ms + remaining;
  explanation.forecast = forecast;
  explanation.summary = "The mode " + explanation.mode.str() +
                        " is not offered any more: no ticket is matched in it, and this one times out in " +
                        seconds_text(remaining) + ".";
  return explanation;
}

/// An explanation covers one region. This sentence names the other regions in which the ticket may be matched.
std::string other_regions(const TicketSnapshot& seen) {
  if (!seen.ticket.latencies || !seen.around) return {};
  std::string names;
  for (const auto& [region, ms] : *seen.ticket.latencies) {
    if (region == seen.bucket.region || !matching::opens_after_ms(seen.around->rules, *seen.ticket.latencies, region))
      continue;
    names += (names.empty() ? "" : ", ") + region.str();
  }
  if (names.empty()) return {};
  return " This covers " + seen.bucket.region.str() + " only; it may also be matched in " + names + ".";
}

Failure<Problem> without_owner() { return refuse(Code::unavailable, "the ticket's queue has no owner at the moment"); }

}  // namespace

ExplainHandler::ExplainHandler(const Parts& parts)
    : parts_(parts),
      requests_(std::make_unique<bus::AsyncRequests>(parts.bus, parts.registry)),
      thread_([this] { work(); }) {}

ExplainHandler::~ExplainHandler() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  requests_.reset();  // pending requests to other instances fail now, and post their last steps
  work();
}

bool ExplainHandler::has_room(const std::function<void(Reply<Explanation>)>& answer) {
  if (*open_ < kMaxOpen) return true;
  parts_.metrics.explains_refused.add();
  answer(refuse(Code::unavailable, "too many explanation requests are pending"));
  return false;
}

std::function<void(Reply<Explanation>)> ExplainHandler::open(std::function<void(Reply<Explanation>)> answer) {
  ++*open_;
  return [open = open_, answer = std::move(answer)](Reply<Explanation> reply) {
    --*open;
    answer(std::move(reply));
  };
}

void ExplainHandler::handle(std::vector<bus::Incoming<GetExplanation>>& batch) {
  for (auto& one : batch) {
    const auto& caller = one.context.caller;
    if (caller.role == Role::player && !caller.player) {
      one.answer(refuse(Code::forbidden));
      continue;
    }
    if (!has_room(one.answer)) continue;
    const auto pending = std::make_shared<const Pending>(
        Pending{tenant_of(one.request.tenant, caller), one.request.ticket_id, one.context,
                one.context.deadline.within(kTimeout), open(std::move(one.answer))});
    post([this, pending] { look_up(pending); });
  }
}

// The instance that sends this request looked the ticket up, and looks it up again if it does not wait here.
void ExplainHandler::handle_forwarded(std::vector<bus::Incoming<ExplainHere>>& batch) {
  for (auto& one : batch) {
    const auto bucket = Bucket::parse(one.request.bucket);
    if (!is_trusted(one.context.caller)) {
      one.answer(refuse(Code::forbidden));
    } else if (!bucket) {
      one.answer(refuse_field("/bucket", "names no bucket"));
    } else if (has_room(one.answer)) {
      parts_.snapshot_requests.put(*bucket, one.request.ticket_id, one.context.deadline,
                                   [this, answer = open(std::move(one.answer))](std::optional<TicketSnapshot> seen) {
                                     post([this, answer, seen = std::move(seen)] {
                                       if (!seen)
                                         return answer(refuse(Code::not_found, "the ticket does not wait here"));
                                       answer(explain_snapshot(*seen));
                                     });
                                   });
    }
  }
}

void ExplainHandler::post(std::function<void()> job) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void ExplainHandler::work() {
  MutexLock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this]() REQUIRES(mutex_) { return !jobs_.empty() || stopping_; });
    if (jobs_.empty()) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void ExplainHandler::look_up(const PendingPtr& pending) {
  if (stopping_ || pending->deadline.passed()) return pending->answer(without_owner());
  const trace::Scope scope(pending->context.trace);
  const auto found = parts_.store.status(pending->tenant, pending->ticket, std::nullopt, pending->deadline);
  if (!found) return pending->answer(fail(storage::to_problem(found.error())));
  if (!*found || !is_shown(**found) || !may_see(**found, pending->context.caller)) {
    return pending->answer(refuse(Code::not_found, "there is no such ticket"));
  }
  if ((*found)->ticket.state != TicketState::queued) return pending->answer(explanation_of_end(**found));
  route(pending, **found);
}

void ExplainHandler::route(const PendingPtr& pending, const StatusResult& found) {
  const auto bucket = Bucket::parse(found.ticket.first_bucket);
  if (!bucket) return pending->answer(refuse(Code::internal_error));
  const auto owner = address_in(found.owner);
  if (owner && *owner != parts_.address) return ask_owner(pending, *bucket, *owner);
  request_snapshot(pending, *bucket);  // our own bucket; or one without an owner, which we may own a tick later
}

void ExplainHandler::request_snapshot(const PendingPtr& pending, const Bucket& bucket) {
  parts_.snapshot_requests.put(bucket, pending->ticket, pending->deadline,
                               [this, pending](std::optional<TicketSnapshot> seen) {
                                 post([this, pending, seen = std::move(seen)] {
                                   if (seen) pending->answer(explain_snapshot(*seen));
                                   else look_up(pending);
                                 });
                               });
}

void ExplainHandler::ask_owner(const PendingPtr& pending, const Bucket& bucket, Uuid address) {
  const ExplainHere request{bucket.text(), pending->ticket};
  requests_->request(addressed(ExplainHere::kSubject, address.to_string()), wire::encode(request), Caller{},
                     pending->context.trace, pending->deadline,
                     [this, pending, bucket](const Reply<std::string>& text) {
                       post([this, pending, bucket, text] { on_owner_reply(pending, bucket, text); });
                     });
}

void ExplainHandler::on_owner_reply(const PendingPtr& pending, const Bucket& bucket, const Reply<std::string>& text) {
  if (text) {
    auto explanation = wire::decode<Explanation>(*text, wire::Unknown::ignored, bus::Bus::kTrusted);
    return pending->answer(explanation ? std::move(explanation) : Reply<Explanation>(refuse(Code::internal_error)));
  }
  // The ticket is not there, or the owner is gone. A tick later another instance, perhaps this one, may own the bucket.
  request_snapshot(pending, bucket);
}

Explanation ExplainHandler::explain_snapshot(const TicketSnapshot& seen) {
  if (!seen.around) return explanation_without_mode(seen);
  const auto started = std::chrono::steady_clock::now();
  auto explanation = matching::explain(*seen.around, seen.ticks);
  explanation.summary += other_regions(seen);
  parts_.metrics.explain.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return explanation;
}

}  // namespace mm::matchmaker
