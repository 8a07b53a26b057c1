// PulledEvent: an event from a pull consumer, with its position in the stream (from the reply subject) and its
// acknowledgement. Internal to this folder.
#pragma once

#include <optional>

#include "common/bus/bus_impl.h"
#include "common/bus/consumer.h"

namespace mm::bus {

struct EventPlace {
  std::string_view consumer;  ///< name of the consumer; refers to the parsed text
  EventInfo info;
  std::uint64_t pending = 0;  ///< number of later events in the stream
};

/// Parses `$JS.ACK.…`, in the form of current servers and in the longer form with domain and account.
std::optional<EventPlace> parse_ack_subject(std::string_view reply);

class PulledEvent {
 public:
  /// Empty if the message is not an event but a status of the pull.
  static std::optional<PulledEvent> from(MsgPtr message);

  std::string_view subject() const { return subject_of(message_.get()); }
  std::string_view body() const { return body_of(message_.get()); }
  natsMsg* message() const { return message_.get(); }
  const EventPlace& place() const { return place_; }

  // Acknowledgements are not confirmed. If one is lost, the event is delivered again, and every handler is idempotent.
  void acknowledge(Bus::Impl& bus) const;
  void retry_after(Bus::Impl& bus, Milliseconds delay) const;
  void terminate(Bus::Impl& bus) const;

 private:
  PulledEvent(MsgPtr message, EventPlace place) : message_(std::move(message)), place_(place) {}

  MsgPtr message_;
  EventPlace place_;
};

}  // namespace mm::bus
