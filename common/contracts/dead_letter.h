// Dead letters: events that a consumer has given up. A consumer sends the whole event to leaderboard, which stores it
// in PostgreSQL, and terminates the event only after the answer. An operator later lets the same consumer handle the
// stored event again (docs/OPERATIONS.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/contracts/fields.h"
#include "common/contracts/lobby.h"
#include "common/contracts/subjects.h"

namespace mm {

/// An event as it was delivered. Bodies are arbitrary bytes, so the messages have them as base64url without padding.
/// Headers that the event does not have are empty.
struct DeadEvent {
  /// Longest value of a text below. A sender cuts longer ones.
  static constexpr std::size_t kMaxTextBytes = 1'000;

  std::string subject;
  std::uint64_t sequence = 0;  ///< in the stream
  TimePoint stored_at;         ///< when JetStream stored the event
  std::string message_id;
  std::string traceparent;
  std::string signature;
  std::string body;
};

template <class F>
void describe(F& f, DeadEvent& m) {
  using namespace fields;
  constexpr Bytes kText{0, DeadEvent::kMaxTextBytes};
  f("subject", m.subject, Bytes{1, DeadEvent::kMaxTextBytes});
  f("sequence", m.sequence);
  f("stored_at", m.stored_at);
  f("message_id", m.message_id, Optional{}, kText);
  f("traceparent", m.traceparent, Optional{}, kText);
  f("signature", m.signature, Optional{}, kText);
  f("body", m.body, Bytes{0, (limits::kMaxEventBytes * 4 + 2) / 3}, About{"base64url without padding"});
}

/// Sent by the consumer's daemon to addressed(kSubject, name of the daemon), so that no daemon can store a letter in
/// the name of another one's consumer. Idempotent by stream, consumer, sequence and stored_at. `queue_full`: there are
/// too many unresolved letters; the event must stay in its stream.
struct StoreDeadLetter {
  static constexpr Subject kSubject{"leaderboard.dead_letter"};
  using Answer = Empty;
  static constexpr bool kFromDaemons = true;

  std::string stream;
  std::string consumer;
  int deliveries = 1;
  std::string reason;  ///< why the consumer gave the event up
  DeadEvent event;
};

template <class F>
void describe(F& f, StoreDeadLetter& m) {
  using namespace fields;
  f("stream", m.stream, Bytes{1, 64});
  f("consumer", m.consumer, Bytes{1, 64});
  f("deliveries", m.deliveries, InRange{1, 1e6});
  f("reason", m.reason, Bytes{1, DeadEvent::kMaxTextBytes});
  f("event", m.event);
}

/// Sent by the operator to retry_subject: the consumer's handler handles the event once more, and no other consumer
/// does. The answer is Empty once the event is handled; otherwise a refusal whose detail says why it was not.
struct RetryEvent {
  using Answer = Empty;

  DeadEvent event;
};

template <class F>
void describe(F& f, RetryEvent& m) {
  f("event", m.event);
}

/// Where `daemon` receives RetryEvent for one of its consumers.
inline std::string retry_subject(std::string_view daemon, Stream stream, std::string_view consumer) {
  return std::string(daemon) + ".retry." + std::string(stream.name) + "." + std::string(consumer);
}

}  // namespace mm
