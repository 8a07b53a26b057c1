// How long to wait before the next try at the gateway, and whether there is one. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "common/base/clock.h"

namespace mm::game {

/// What an HTTP answer means to a reporter. `status` 0: there was none.
enum class ReportOutcome { accepted, refused, retry };

/// 2xx: report_outcome. 4xx is final, but 408 and 429 only ask for patience. Everything else is tried again.
constexpr ReportOutcome report_outcome(int status) {
  if (status >= 200 && status < 300) return ReportOutcome::accepted;
  if (status >= 400 && status < 500 && status != 408 && status != 429) return ReportOutcome::refused;
  return ReportOutcome::retry;
}

/// The wait after the `tries`-th failure (1, 2, …): 0.2 s doubled up to 5 s, stretched by `share` (0 to 1) of half as
/// much again so that many matches do not come together; never sooner than Retry-After said, but at most 30 s.
constexpr Milliseconds retry_delay(int tries, double share, std::optional<int> retry_after_seconds) {
  constexpr Milliseconds kFirst{200}, kMax{5'000}, kMaxRetryAfter{30'000};
  auto wait = kFirst;
  for (int i = 1; i < tries && wait < kMax; ++i) wait *= 2;
  wait = std::min(wait, kMax);
  wait += Milliseconds(static_cast<long>(static_cast<double>(wait.count()) * share / 2));
  if (!retry_after_seconds) return wait;
  return std::max(wait, std::min(kMaxRetryAfter, Milliseconds(1000L * std::max(0, *retry_after_seconds))));
}

}  // namespace mm::game
