// Reports of events that a consumer does not handle: one log line, and one violation on the bus (events.violation.*).
// Internal to this folder.
#pragma once

#include <string>

#include "common/bus/pulled_event.h"

namespace mm::bus {

/// A consumer of a stream, as in reports.
struct ConsumerName {
  Stream stream;
  std::string consumer;
};

/// The event was given up. `reason` has no parts of the event's body.
void report_poison(Bus& bus, const ConsumerName& name, const PulledEvent& event, const std::string& reason);

/// The event has no valid signature of its publisher.
void report_forged(Bus& bus, const ConsumerName& name, const PulledEvent& event);

}  // namespace mm::bus
