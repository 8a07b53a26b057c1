// All subjects, streams and headers of the bus, except for the request and event subjects that each message struct
// names itself. Other code must not contain subjects as literals; a lint test checks this.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "common/base/id.h"

namespace mm {

/// A request or event subject. Only constants of this file and of message structs are Subjects, so a subject never
/// contains text from a user.
struct Subject {
  std::string_view text;
  friend constexpr bool operator==(const Subject&, const Subject&) = default;
};

/// A JetStream stream and what it stores.
struct Stream {
  std::string_view name;
  std::string_view subjects;  ///< one wildcard subject
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

/// `notify.<player_id>` carries WebSocket frames for that player.
inline constexpr std::string_view kNotifyPrefix = "notify.";
inline std::string notify_subject(PlayerId player) { return std::string(kNotifyPrefix) + player.to_string(); }

/// The subject of a request to one particular instance. `address` is a UUID that this instance has generated.
inline std::string addressed(Subject subject, std::string_view address) {
  return std::string(subject.text) + '.' + std::string(address);
}

/// `events.violation.<code>` reports that an invariant was found broken. `code` is a literal in our source code.
inline std::string violation_subject(std::string_view code) { return "events.violation." + std::string(code); }

}  // namespace mm
