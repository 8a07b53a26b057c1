// The vocabulary of the bus: every subject, stream and header, in one place. A subject used anywhere else as a
// literal is a bug (a lint test looks for them).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "common/base/id.h"

namespace mm {

/// A request or event subject. Only constants of this file and of message structs are Subjects: user text never
/// gets into one.
struct Subject {
  std::string_view text;
  friend constexpr bool operator==(const Subject&, const Subject&) = default;
};

/// A JetStream stream and what it stores.
struct Stream {
  std::string_view name;
  std::string_view subjects;  ///< one wildcard
};

namespace streams {
inline constexpr Stream kMatch{"MATCH", "match.*"};
inline constexpr Stream kTicket{"TICKET", "ticket.*"};
inline constexpr std::array kAll{kMatch, kTicket};
}  // namespace streams

namespace headers {
inline constexpr const char* kTraceparent = "traceparent";
inline constexpr const char* kDeadline = "Mm-Deadline-Ms";
inline constexpr const char* kTenant = "Mm-Tenant";
inline constexpr const char* kPlayer = "Mm-Player";
inline constexpr const char* kRole = "Mm-Role";
inline constexpr const char* kMatch = "Mm-Match";
inline constexpr const char* kMessageId = "Nats-Msg-Id";
inline constexpr const char* kServiceError = "Nats-Service-Error";
inline constexpr const char* kServiceErrorCode = "Nats-Service-Error-Code";
}  // namespace headers

/// `notify.<player_id>`: a WebSocket frame for that player.
inline constexpr std::string_view kNotifyPrefix = "notify.";
inline std::string notify_subject(PlayerId player) { return std::string(kNotifyPrefix) + player.to_string(); }

/// A request to one instance of those that serve a subject. `address` is a UUID, which that instance has made up.
inline std::string addressed(Subject subject, std::string_view address) {
  return std::string(subject.text) + '.' + std::string(address);
}

/// `events.violation.<code>`: an invariant was found broken. `code` is a literal of ours.
inline std::string violation_subject(std::string_view code) { return "events.violation." + std::string(code); }

}  // namespace mm
