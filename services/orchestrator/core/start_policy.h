// How long to wait before the next game server is started when the last ones did not come up. Pure.
#pragma once

#include <algorithm>

#include "common/base/clock.h"

namespace mm::orchestrator {

/// 0.5 s doubled per failure in a row, up to 10 s; none after a success.
constexpr Milliseconds start_delay(int failures) {
  if (failures <= 0) return Milliseconds{0};
  return Milliseconds{std::min(10'000, 500 << std::min(failures - 1, 10))};
}

/// The port of the next server: the first of the range from `from` on (round robin) that no server of ours has.
/// `taken` says of an offset whether its port is in use. -1: all are.
template <class Taken>
constexpr int free_port_offset(int from, int count, Taken taken) {
  for (int i = 0; i < count; ++i) {
    const int offset = (from + i) % count;
    if (!taken(offset)) return offset;
  }
  return -1;
}

}  // namespace mm::orchestrator
