// Whether a report to the gateway is tried again, and after which delay. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "common/base/clock.h"

namespace mm::game {

/// The outcome of a report: a heartbeat or a result.
enum class ReportOutcome { accepted, refused, retry };

/// By the HTTP status of the answer; 0: there was no answer. 2xx: accepted; 4xx except 408 and 429: refused; else
/// retry.
constexpr ReportOutcome report_outcome(int status) {
  if (status >= 200 && status < 300) return ReportOutcome::accepted;
  if (status >= 400 && status < 500 && status != 408 && status != 429) return ReportOutcome::refused;
  return ReportOutcome::retry;
}

/// The delay after failure number `failures` (1, 2, …): 0.2 s, doubled for each failure up to 5 s, and prolonged by
/// `jitter` (0 to 1) times 50 % so that the reports of many matches spread. At least Retry-After, of which at most 30 s
/// count.
constexpr Milliseconds retry_delay(int failures, double jitter, std::optional<int> retry_after_seconds) {
  constexpr Milliseconds kFirst{200}, kMax{5'000}, kMaxRetryAfter{30'000};
  auto wait = kFirst;
  for (int i = 1; i < failures && wait < kMax; ++i) wait *= 2;
  wait = std::min(wait, kMax);
  wait += Milliseconds(static_cast<long>(static_cast<double>(wait.count()) * jitter / 2));
  if (!retry_after_seconds) return wait;
  return std::max(wait, std::min(kMaxRetryAfter, Milliseconds(1000L * std::max(0, *retry_after_seconds))));
}

}  // namespace mm::game
