#include "services/gateway/process/daemon_requests.h"

#include <utility>

namespace mm::gateway {
namespace {

/// The daemon that serves the subject: the first token.
std::string_view daemon_of(std::string_view subject) { return subject.substr(0, subject.find('.')); }

}  // namespace

void DaemonRequests::send(Request request, Then then) {
  auto& dependency = dependency_of(request.subject);
  if (auto refusal = refusal_of(dependency, request)) {
    metrics_.requests_refused.add();
    // Posted, because the caller does not expect an answer before this function has returned.
    return loop_.post([then = std::move(then), refusal = *std::move(refusal)] { then(fail(refusal)); });
  }
  budget_.add_request();
  ++dependency.waiting;
  const auto id = ++last_id_;
  auto& pending = pending_.emplace(id, Pending{std::move(request), std::move(then), dependency}).first->second;
  pending.patience = pending.request.deadline.remaining() / 4;
  attempt(id, pending, {});
}

DaemonRequests::Dependency& DaemonRequests::dependency_of(std::string_view subject) {
  const auto daemon = daemon_of(subject);
  const auto known = dependencies_.find(daemon);
  if (known != dependencies_.end()) return known->second;
  const metrics::BreakerMetrics breaker_metrics(metrics_.registry, std::string(daemon));
  return dependencies_.emplace(daemon, Dependency{{}, breaker_metrics, 0}).first->second;
}

std::optional<Problem> DaemonRequests::refusal_of(Dependency& dependency, const Request& request) {
  if (dependency.waiting >= room_for(mm::work_of(request.subject), kMaxWaitingPerDaemon)) {
    return refuse(Code::unavailable, "too many requests wait for this part of the service").error;
  }
  if (dependency.breaker.allows(std::chrono::steady_clock::now())) return std::nullopt;
  return refuse(Code::unavailable, "this part of the service does not answer at the moment").error;
}

void DaemonRequests::count_outcome(Pending& pending, const bus::AsyncRequests::Outcome& outcome) {
  auto& [breaker, breaker_metrics, waiting] = pending.dependency;
  const auto now = std::chrono::steady_clock::now();
  if (!outcome.instance.empty()) {
    instances_.answered(daemon_of(pending.request.subject), outcome.instance, now);
    if (breaker.answered(now)) breaker_metrics.changed(false);
  } else if (!outcome.reply && outcome.reply.error().code == Code::deadline_exceeded) {
    if (breaker.unanswered(pending.sent_at, now)) breaker_metrics.changed(true);
  }
}

/// `instance`: empty for any.
void DaemonRequests::attempt(Id id, Pending& pending, const std::string& instance) {
  const auto& request = pending.request;
  ++pending.attempts;
  const bool more = request.repeatable && pending.attempts < kMaxUnanswered;
  pending.again_at = more ? std::chrono::steady_clock::now() + pending.patience : SteadyPoint::max();
  const auto subject = instance.empty() ? std::string(request.subject) : addressed({request.subject}, instance);
  // The handler runs on a thread of the bus. `then` may own objects of the loop (connections), so it stays here.
  requests_->attempt(subject, request.body, request.caller, request.trace, request.deadline,
                     [this, id, instance](bus::AsyncRequests::Outcome outcome) {
                       loop_.post([this, id, instance, outcome = std::move(outcome)]() mutable {
                         on_outcome(id, instance, std::move(outcome));
                       });
                     });
}

void DaemonRequests::on_outcome(Id id, const std::string& instance, bus::AsyncRequests::Outcome outcome) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;  // another attempt was answered
  count_outcome(found->second, outcome);
  if (outcome.unserved) return on_unserved(id, found->second, instance);
  finish(id, std::move(outcome.reply));
}

void DaemonRequests::on_unserved(Id id, Pending& pending, const std::string& instance) {
  const auto now = std::chrono::steady_clock::now();
  --pending.attempts;
  if (!instance.empty()) {
    // This instance has ended. The other attempts go on.
    instances_.forget(daemon_of(pending.request.subject), instance);
    pending.again_at = now;
    return;
  }
  if (pending.attempts > 0) return;
  const auto pause = kUnservedPause * (1 << pending.unserved);
  if (now + pause >= pending.request.deadline.when()) return finish(id, refuse(Code::unavailable));
  ++pending.unserved;
  pending.again_at = now + pause;
}

void DaemonRequests::on_tick(SteadyPoint now) {
  std::vector<Id> due;
  for (const auto& [id, pending] : pending_) {
    if (pending.again_at <= now) due.push_back(id);
  }
  for (const auto id : due) again(id, now);
  metrics_.retry_budget.add(budget_.left() - reported_budget_);
  reported_budget_ = budget_.left();
}

void DaemonRequests::again(Id id, SteadyPoint now) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;  // a callback of this tick has ended it
  auto& pending = found->second;
  if (!budget_.take()) {
    metrics_.retries_refused.add();
    pending.again_at = SteadyPoint::max();
    if (pending.attempts == 0) finish(id, refuse(Code::unavailable));
    return;
  }
  if (pending.attempts == 0) {
    metrics_.retries_unserved.add();
    return attempt(id, pending, {});
  }
  metrics_.retries_unanswered.add();
  auto instance = instances_.latest(daemon_of(pending.request.subject), pending.tried, now);
  if (!instance.empty()) pending.tried.push_back(instance);
  attempt(id, pending, instance);
}

void DaemonRequests::finish(Id id, Reply<std::string> reply) {
  auto node = pending_.extract(id);
  --node.mapped().dependency.waiting;
  node.mapped().then(std::move(reply));
}

void DaemonRequests::drop_all() { pending_.clear(); }

}  // namespace mm::gateway
