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
constexpr Milliseconds kAnswer{1'500};

std::string seconds_text(BucketMs ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000);
  return text;
}

Explanation explanation_of_end(const StatusResult& found) {
  const auto& ticket = found.ticket;
  Explanation curves;
  curves.ticket_id = ticket.id;
  curves.status = status_of(ticket.state);
  if (ticket.mode) curves.mode = *ticket.mode;
  if (ticket.region) curves.region = *ticket.region;
  curves.team_size = ticket.team_size;
  curves.waited_ms = waited_ms(found);
  const auto after = " after " + seconds_text(curves.waited_ms) + ".";
  switch (curves.status) {
    case TicketStatus::matched: curves.summary = "It was matched" + after; break;
    case TicketStatus::cancelled: curves.summary = "It was cancelled" + after; break;
    case TicketStatus::timed_out: curves.summary = "It found no match in time and timed out" + after; break;
    case TicketStatus::searching: break;
  }
  return curves;
}

/// For a mode that was removed from the mode table: its tickets only time out.
Explanation explanation_without_mode(const TicketSnapshot& seen) {
  Explanation curves;
  curves.ticket_id = seen.ticket.id;
  curves.mode = seen.bucket.mode;
  curves.region = seen.bucket.region;
  curves.team_size = seen.bucket.team_size;
  curves.waited_ms = std::max<BucketMs>(0, seen.now - seen.ticket.queued_at);
  Forecast forecast;
  forecast.outcome = WaitOutcome::times_out;
  const auto left = std::max<BucketMs>(0, seen.ticket.deadline - seen.now);
  forecast.in_seconds = static_cast<double>(left) / 1000;
  forecast.at_waited_ms = curves.waited_ms + left;
  curves.forecast = forecast;
  curves.summary = "The mode " + curves.mode.str() +
                 " is not offered any more: no ticket is matched in it, and this one times out in " +
                 seconds_text(left) + ".";
  return curves;
}

/// An explanation covers one region. This sentence names the other regions in which the ticket may be matched.
std::string other_regions(const TicketSnapshot& seen) {
  if (!seen.ticket.latencies || !seen.around) return {};
  std::string names;
  for (const auto& [region, ms] : *seen.ticket.latencies) {
    if (region == seen.bucket.region || !matching::opens_after_ms(seen.around->rules, *seen.ticket.latencies, region)) continue;
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
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  requests_.reset();  // pending requests to other instances fail now, and post their last steps
  work();
}

bool ExplainHandler::has_room(const std::function<void(Reply<Explanation>)>& answer) {
  if (*open_ < kOpenMost) return true;
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

void ExplainHandler::take(std::vector<bus::Incoming<GetExplanation>>& batch) {
  for (auto& one : batch) {
    const auto& caller = one.context.caller;
    if (caller.role == Role::player && !caller.player) {
      one.answer(refuse(Code::forbidden));
      continue;
    }
    if (!has_room(one.answer)) continue;
    const auto ask =
        std::make_shared<const Ask>(Ask{tenant_of(one.request.tenant, caller), one.request.ticket_id, one.context,
                                        one.context.deadline.within(kAnswer), open(std::move(one.answer))});
    post([this, ask] { look_up(ask); });
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
      parts_.box.put(*bucket, one.request.ticket_id, one.context.deadline,
                     [this, answer = open(std::move(one.answer))](std::optional<TicketSnapshot> seen) {
                       post([this, answer, seen = std::move(seen)] {
                         if (!seen) return answer(refuse(Code::not_found, "the ticket does not wait here"));
                         answer(explain_it(*seen));
                       });
                     });
    }
  }
}

void ExplainHandler::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void ExplainHandler::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !jobs_.empty() || stopping_; });
    if (jobs_.empty()) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void ExplainHandler::look_up(const AskPtr& ask) {
  if (stopping_ || ask->deadline.passed()) return ask->answer(without_owner());
  const trace::Scope scope(ask->context.trace);
  const auto found = parts_.store.status(ask->tenant, ask->ticket, std::nullopt, ask->deadline);
  if (!found) return ask->answer(fail(storage::to_problem(found.error())));
  if (!*found || !is_shown(**found) || !may_see(**found, ask->context.caller)) {
    return ask->answer(refuse(Code::not_found, "there is no such ticket"));
  }
  if ((*found)->ticket.state != TicketState::queued) return ask->answer(explanation_of_end(**found));
  seek(ask, **found);
}

void ExplainHandler::seek(const AskPtr& ask, const StatusResult& found) {
  const auto bucket = Bucket::parse(found.ticket.first_bucket);
  if (!bucket) return ask->answer(refuse(Code::internal_error));
  const auto owner = address_in(found.owner);
  if (owner && *owner != parts_.address) return ask_owner(ask, *bucket, *owner);
  see(ask, *bucket);  // our own bucket; or one without an owner, which we may own a tick later
}

void ExplainHandler::see(const AskPtr& ask, const Bucket& bucket) {
  parts_.box.put(bucket, ask->ticket, ask->deadline, [this, ask](std::optional<TicketSnapshot> seen) {
    post([this, ask, seen = std::move(seen)] {
      if (seen) ask->answer(explain_it(*seen));
      else look_up(ask);
    });
  });
}

void ExplainHandler::ask_owner(const AskPtr& ask, const Bucket& bucket, Uuid address) {
  const ExplainHere request{bucket.text(), ask->ticket};
  requests_->request(addressed(ExplainHere::kSubject, address.to_string()), wire::encode(request), Caller{},
                     ask->context.trace, ask->deadline, [this, ask, bucket](const Reply<std::string>& text) {
                       post([this, ask, bucket, text] { hear(ask, bucket, text); });
                     });
}

void ExplainHandler::hear(const AskPtr& ask, const Bucket& bucket, const Reply<std::string>& text) {
  if (text) {
    auto curves = wire::decode<Explanation>(*text, wire::Unknown::ignored, bus::Bus::kTrusted);
    return ask->answer(curves ? std::move(curves) : Reply<Explanation>(refuse(Code::internal_error)));
  }
  // The ticket is not there, or the owner is gone. A tick later another instance, perhaps this one, may own the bucket.
  see(ask, bucket);
}

Explanation ExplainHandler::explain_it(const TicketSnapshot& seen) {
  if (!seen.around) return explanation_without_mode(seen);
  const auto started = std::chrono::steady_clock::now();
  auto curves = matching::explain(*seen.around, seen.ticks);
  curves.summary += other_regions(seen);
  parts_.metrics.explain.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return curves;
}

}  // namespace mm::matchmaker
