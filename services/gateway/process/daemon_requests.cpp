#include "services/gateway/process/daemon_requests.h"

#include <chrono>
#include <utility>

namespace mm::gateway {
namespace {

/// The daemon that serves the subject: the first token.
std::string_view daemon_of(std::string_view subject) { return subject.substr(0, subject.find('.')); }

}  // namespace

void DaemonRequests::send(Request request, Then then) {
  budget_.add_request();
  const auto id = ++last_id_;
  auto& pending = pending_.emplace(id, Pending{std::move(request), std::move(then)}).first->second;
  pending.patience = pending.request.deadline.remaining() / 4;
  attempt(id, pending, {});
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
  const auto now = std::chrono::steady_clock::now();
  if (found == pending_.end()) return;  // another attempt was answered
  if (!outcome.instance.empty()) instances_.answered(daemon_of(found->second.request.subject), outcome.instance, now);
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
  node.mapped().then(std::move(reply));
}

void DaemonRequests::drop_all() { pending_.clear(); }

}  // namespace mm::gateway
