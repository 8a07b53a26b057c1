// What nats-server or the library reports outside of any call: a subject that was refused, a subscription that lost
// messages. Each is counted (mm_bus_errors_total by kind), logged at error level, and a refused subject is published
// on events.violation.nats_permission. Internal to this folder. Thread-safe.
#pragma once

#include <nats/nats.h>

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/runtime/metrics.h"

namespace mm::bus {

/// A subject that nats-server refused to this connection, as its error text names it.
struct RefusedSubject {
  std::string action;   ///< "publish" or "subscribe"
  std::string subject;  ///< ids and inboxes in it replaced by wildcards, so that there are few different ones
};

/// None when the text is not that of a permission violation.
std::optional<RefusedSubject> parse_refusal(std::string_view text);

class Faults {
 public:
  /// `publish` sends an event of ours: subject and body.
  using Publish = std::function<void(std::string_view subject, std::string_view body)>;

  Faults(metrics::Registry& registry, std::string instance, Publish publish);

  /// `text`: what the library knows beside the status; may be empty.
  void report(natsStatus status, std::string_view text);

  /// A subject that this process needs was refused since the connection was made. An answer is refused when this process
  /// was stopped for longer than the right to answer lasts (nats_accounts.cpp): nobody waits for it any more, and it is
  /// only counted.
  bool needed_subject_refused() const;

  /// Forgets the refusals of the previous connection. To be called when a new one is made.
  void forget();

 private:
  /// Different subjects that are logged and published; further ones are only counted.
  static constexpr std::size_t kSubjectsMax = 64;

  void report_refusal(const RefusedSubject& refused);

  const std::string instance_;
  const Publish publish_;
  metrics::Counter permissions_;
  metrics::Counter slow_;
  metrics::Counter late_answers_;
  metrics::Counter others_;

  mutable std::mutex mutex_;
  // Protected by mutex_:
  std::set<std::string> reported_;
  bool needed_refused_ = false;
};

}  // namespace mm::bus
