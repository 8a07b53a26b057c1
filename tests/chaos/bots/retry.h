// What the answer to an attempt says about its effect, and whether and when the operation is attempted again. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "common/base/clock.h"
#include "tests/chaos/bots/history.h"

namespace mm::chaos {

/// By the HTTP status; 0: there was no answer. 2xx: the operation has happened. 4xx: this attempt has no effect. Every
/// other answer leaves this open.
constexpr Phase phase_of(int status) {
  if (status >= 200 && status < 300) return Phase::ok;
  if (status >= 400 && status < 500) return Phase::fail;
  return Phase::info;
}

/// An attempt that has ended.
struct EndedAttempt {
  int status = 0;               ///< 0: no answer
  std::string_view code;        ///< of the problem, if there is one
  int number = 1;               ///< 1: the first attempt of the operation
  Milliseconds since_first{0};  ///< time since the start of the first attempt
  std::optional<int> retry_after_seconds;
  double jitter = 0;            ///< 0 to 1
  Milliseconds budget{60'000};  ///< no attempt begins later than this after the first one
};

inline constexpr Milliseconds kFirstRetryDelay{100};
inline constexpr Milliseconds kMaxRetryDelay{4'000};
inline constexpr int kMaxRetryAfterSeconds = 30;

/// True if the operation may succeed later: its outcome is unknown, or the refusal is temporary.
constexpr bool is_temporary(int status, std::string_view code) {
  return phase_of(status) == Phase::info || status == 408 || status == 429 || code == "idempotency_running";
}

/// The delay before the next attempt; none: there is no further attempt. 100 ms, doubled for each attempt up to 4 s,
/// multiplied by 0.5 to 1.5 according to the jitter. At least Retry-After, of which at most 30 s count.
constexpr std::optional<Milliseconds> retry_delay(const EndedAttempt& attempt) {
  if (!is_temporary(attempt.status, attempt.code)) return std::nullopt;
  auto wait = kFirstRetryDelay;
  for (int i = 1; i < attempt.number && wait < kMaxRetryDelay; ++i) wait *= 2;
  wait = std::min(wait, kMaxRetryDelay);
  wait = Milliseconds(static_cast<long>(static_cast<double>(wait.count()) * (0.5 + attempt.jitter)));
  if (attempt.retry_after_seconds) {
    const Milliseconds asked{1000L * std::clamp(*attempt.retry_after_seconds, 0, kMaxRetryAfterSeconds)};
    wait = std::max(wait, asked);
  }
  if (attempt.since_first + wait > attempt.budget) return std::nullopt;
  return wait;
}

}  // namespace mm::chaos
