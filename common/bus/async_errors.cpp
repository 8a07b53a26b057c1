#include "common/bus/async_errors.h"

#include <vector>

#include "common/base/id.h"
#include "common/contracts/subjects.h"
#include "common/runtime/log.h"
#include "common/wire/codec.h"

namespace mm::bus {
namespace {

constexpr std::string_view kInboxStart = "_INBOX";
constexpr std::string_view kAckStart = "$JS.ACK.";
constexpr int kAckTokens = 4;  // $JS.ACK.<stream>.<consumer>

struct PermissionRefused {
  static constexpr std::string_view kCode = "nats_permission";
  std::string instance;
  std::string action;
  std::string subject;
};
template <class F>
void describe(F& f, PermissionRefused& m) {
  f("instance", m.instance);
  f("action", m.action);
  f("subject", m.subject);
}

metrics::Counter errors(metrics::Registry& registry, const char* kind) {
  return registry.counter("mm_bus_errors_total", "Errors that NATS reported asynchronously", {{"kind", kind}});
}

bool is_answer(const RefusedSubject& refused) {
  return refused.action == "publish" && refused.subject.starts_with(kInboxStart);
}

// The first `count` tokens, and a wildcard for the rest.
std::string first_tokens(std::string_view subject, int count) {
  std::size_t end = 0;
  for (int i = 0; i < count && end != std::string_view::npos; ++i) end = subject.find('.', end == 0 ? 0 : end + 1);
  return end == std::string_view::npos ? std::string(subject) : std::string(subject.substr(0, end)) + ".>";
}

std::string generalised(std::string_view subject) {
  if (subject.starts_with(kInboxStart)) return first_tokens(subject, 1);
  if (subject.starts_with(kAckStart)) return first_tokens(subject, kAckTokens);
  std::string out;
  while (true) {
    const auto dot = subject.find('.');
    const auto token = subject.substr(0, dot);
    out += Uuid::parse(token) ? "*" : std::string(token);
    if (dot == std::string_view::npos) return out;
    out += '.';
    subject.remove_prefix(dot + 1);
  }
}

}  // namespace

// Text of the server: Permissions Violation for Publish to "a.b", or … for Subscription to "a.b" [using queue "c"].
std::optional<RefusedSubject> parse_refusal(std::string_view text) {
  constexpr std::string_view kPublish = "for Publish to \"";
  constexpr std::string_view kSubscribe = "for Subscription to \"";
  const bool publishing = text.find(kPublish) != std::string_view::npos;
  const auto mark = publishing ? kPublish : kSubscribe;
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(at + mark.size());
  return RefusedSubject{publishing ? "publish" : "subscribe", generalised(rest.substr(0, rest.find('"')))};
}

AsyncErrors::AsyncErrors(metrics::Registry& registry, std::string instance, Publish publish)
    : instance_(std::move(instance)),
      publish_(std::move(publish)),
      permissions_(errors(registry, "permission")),
      slow_(errors(registry, "slow_consumer")),
      late_answers_(errors(registry, "late_answer")),
      others_(errors(registry, "other")) {}

void AsyncErrors::report(natsStatus status, std::string_view text) {
  if (const auto refused = parse_refusal(text)) return report_refusal(*refused);
  (status == NATS_NOT_PERMITTED ? permissions_ : status == NATS_SLOW_CONSUMER ? slow_ : others_).add();
  log::error("nats_error", {{"reason", natsStatus_GetText(status)}, {"text", text}});
}

void AsyncErrors::report_refusal(const RefusedSubject& refused) {
  if (is_answer(refused)) return late_answers_.add();
  permissions_.add();
  {
    const MutexLock lock(mutex_);
    needed_refused_ = true;
    if (reported_.size() >= kMaxSubjects || !reported_.insert(refused.action + " " + refused.subject).second) return;
  }
  log::error("nats_permission_refused", {{"action", refused.action}, {"subject", refused.subject}});
  const auto to = violation_subject(PermissionRefused::kCode);
  if (refused.subject == to) return;  // publishing this would be refused again
  publish_(to, wire::encode(PermissionRefused{instance_, refused.action, refused.subject}));
}

bool AsyncErrors::needed_subject_refused() const {
  const MutexLock lock(mutex_);
  return needed_refused_;
}

void AsyncErrors::forget() {
  const MutexLock lock(mutex_);
  needed_refused_ = false;
  reported_.clear();
}

}  // namespace mm::bus
