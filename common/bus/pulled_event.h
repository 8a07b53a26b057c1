// One event as a pull consumer delivers it: its place in the stream, read from the reply subject, and the ways to
// acknowledge it. Internal to this folder.
#pragma once

#include <optional>

#include "common/bus/bus_impl.h"
#include "common/bus/consumer.h"

namespace mm::bus {

struct EventPlace {
  std::string_view consumer;  ///< its name, in the text that was parsed
  EventInfo info;
  std::uint64_t pending = 0;  ///< events behind it in the stream
};

/// Reads `$JS.ACK.…`, in the form of today's servers and the longer one with domain and account.
std::optional<EventPlace> parse_ack_subject(std::string_view reply);

class PulledEvent {
 public:
  /// None when the message is no event but a status of the pull.
  static std::optional<PulledEvent> from(MsgPtr message);

  std::string_view subject() const { return subject_of(message_.get()); }
  std::string_view body() const { return body_of(message_.get()); }
  natsMsg* message() const { return message_.get(); }
  const EventPlace& place() const { return place_; }

  // Sent and not confirmed: an acknowledgement that is lost brings the event again, which every handler stands.
  void acknowledge(Bus::Impl& bus) const;
  void retry_after(Bus::Impl& bus, Milliseconds delay) const;
  void terminate(Bus::Impl& bus) const;

 private:
  PulledEvent(MsgPtr message, EventPlace place) : message_(std::move(message)), place_(place) {}

  MsgPtr message_;
  EventPlace place_;
};

}  // namespace mm::bus
