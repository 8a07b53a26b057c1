// How long to wait before the next try at the gateway, and whether there is one. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "common/base/clock.h"

namespace mm::game {

/// What an HTTP answer means to a reporter. `status` 0: there was none.
enum class Heard { yes, refused, again };

/// 2xx: heard. 4xx is final, but 408 and 429 only ask for patience. Everything else is tried again.
constexpr Heard heard(int status) {
  if (status >= 200 && status < 300) return Heard::yes;
  if (status >= 400 && status < 500 && status != 408 && status != 429) return Heard::refused;
  return Heard::again;
}

/// The wait after the `tries`-th failure (1, 2, …): 0.2 s doubled up to 5 s, stretched by `share` (0 to 1) of half as
/// much again so that many matches do not come together; never sooner than Retry-After said, but at most 30 s.
constexpr Milliseconds retry_wait(int tries, double share, std::optional<int> retry_after_seconds) {
  constexpr Milliseconds kFirst{200}, kMost{5'000}, kMostAsked{30'000};
  auto wait = kFirst;
  for (int i = 1; i < tries && wait < kMost; ++i) wait *= 2;
  wait = std::min(wait, kMost);
  wait += Milliseconds(static_cast<long>(static_cast<double>(wait.count()) * share / 2));
  if (!retry_after_seconds) return wait;
  return std::max(wait, std::min(kMostAsked, Milliseconds(1000L * std::max(0, *retry_after_seconds))));
}

}  // namespace mm::game
