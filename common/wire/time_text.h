// RFC 3339 times as they are written on the wire: 2026-01-31T23:59:59.123Z.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace mm::wire {

/// UTC with milliseconds: always 24 characters for the years 0000 to 9999.
std::string format_time(TimePoint time);

/// Accepts the form of format_time and any fraction of 0 to 9 digits (truncated to milliseconds). The offset must be
/// `Z`.
std::optional<TimePoint> parse_time(std::string_view text);

}  // namespace mm::wire
