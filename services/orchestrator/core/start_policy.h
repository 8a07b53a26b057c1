// When the next game server is started, and on which port. Pure.
#pragma once

#include <algorithm>

#include "common/base/clock.h"

namespace mm::orchestrator {

/// The delay before the next start: 0.5 s, doubled for each consecutive failure up to 10 s; 0 after a success.
constexpr Milliseconds start_delay(int failures) {
  if (failures <= 0) return Milliseconds{0};
  return Milliseconds{std::min(10'000, 500 << std::min(failures - 1, 10))};
}

/// The offset of the next server's port in a range of `count` ports: the first free one from `from` on, round robin.
/// `taken(offset)` returns whether a server has the port. -1: no port is free.
template <class Taken>
constexpr int free_port_offset(int from, int count, Taken taken) {
  for (int i = 0; i < count; ++i) {
    const int offset = (from + i) % count;
    if (!taken(offset)) return offset;
  }
  return -1;
}

}  // namespace mm::orchestrator
