// AsyncErrors: handles errors that nats-server or nats.c reports asynchronously, such as a refused subject or messages
// lost by a subscription. Each is counted (mm_bus_errors_total by kind) and logged at error level. A refused subject is
// also published on events.violation.nats_permission. Internal to this folder. Thread-safe.
#pragma once

#include <nats/nats.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/base/mutex.h"
#include "common/runtime/metrics.h"

namespace mm::bus {

/// A subject that nats-server refused to this connection, from its error text.
struct RefusedSubject {
  std::string action;   ///< "publish" or "subscribe"
  std::string subject;  ///< ids and inboxes are replaced by wildcards, so that the number of different subjects is
                        ///< small
};

/// Empty if the text is not a permission violation.
std::optional<RefusedSubject> parse_refusal(std::string_view text);

class AsyncErrors {
 public:
  /// Publishes an event: subject and body.
  using Publish = std::function<void(std::string_view subject, std::string_view body)>;

  AsyncErrors(metrics::Registry& registry, std::string instance, Publish publish);

  /// `text`: the library's details about the status; may be empty.
  void report(natsStatus status, std::string_view text);

  /// Whether nats-server has refused a subject that this process needs on the present connection. Refused answers are
  /// only counted: an answer is refused if this process was stopped for longer than the right to answer lasts
  /// (nats_accounts.cpp), and by then nobody waits for the answer.
  bool needed_subject_refused() const;

  /// Forgets the refusals of the previous connection. Must be called after each reconnect.
  void forget();

 private:
  /// Largest number of different subjects that are logged and published. Further subjects are only counted.
  static constexpr std::size_t kMaxSubjects = 64;

  void report_refusal(const RefusedSubject& refused);

  const std::string instance_;
  const Publish publish_;
  metrics::Counter permissions_;
  metrics::Counter slow_;
  metrics::Counter late_answers_;
  metrics::Counter others_;

  mutable Mutex mutex_;
  std::set<std::string> reported_ GUARDED_BY(mutex_);
  bool needed_refused_ GUARDED_BY(mutex_) = false;
};

}  // namespace mm::bus
