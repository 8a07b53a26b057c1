// A token bucket: it holds up to `capacity` tokens and is refilled evenly over `window`. The Redis script lua/take.lua
// does the same computation; this class is used while that Redis is unavailable, and for the frames of a WebSocket.
// Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "common/base/clock.h"

namespace mm::gateway {

/// `capacity` tokens, refilled over `window`.
struct Quota {
  int capacity = 100;
  Seconds window{60};
};

/// The result of taking a token, and the values of the RateLimit header fields.
struct Allowance {
  bool allowed = true;
  int limit = 0;
  int remaining = 0;
  int reset_seconds = 0;  ///< time until the bucket is full again
  int retry_seconds = 0;  ///< if not allowed: time until one token is available
};

/// Whether an attempt that counts only if it fails may proceed, must wait, or is refused (lua/login_reserve.lua).
enum class Attempt { go, wait, refused };

struct AttemptVerdict {
  Attempt attempt = Attempt::go;
  int retry_seconds = 0;  ///< if refused: time until one token is available
};

class TokenBucket {
 public:
  TokenBucket(Quota quota, SteadyPoint now) : tokens_(quota.capacity), at_(now) {}

  Allowance take(Quota quota, SteadyPoint now) {
    refill(quota, now);
    const bool allowed = tokens_ >= 1;
    if (allowed) tokens_ -= 1;
    return allowance(quota, allowed);
  }

  /// Whether another attempt may begin while `under_way` attempts, each of which may fail, are in progress. Takes no
  /// token.
  AttemptVerdict check(Quota quota, SteadyPoint now, int under_way) {
    refill(quota, now);
    if (tokens_ < 1) return {Attempt::refused, allowance(quota, false).retry_seconds};
    return {tokens_ - under_way < 1 ? Attempt::wait : Attempt::go, 0};
  }

 private:
  void refill(Quota quota, SteadyPoint now) {
    const double seconds = std::chrono::duration<double>(now - at_).count();
    const double rate = quota.capacity / static_cast<double>(quota.window.count());
    tokens_ = std::min<double>(quota.capacity, tokens_ + std::max(0.0, seconds) * rate);
    at_ = std::max(at_, now);
  }

  Allowance allowance(Quota quota, bool allowed) const {
    const double rate = quota.capacity / static_cast<double>(quota.window.count());
    Allowance out;
    out.allowed = allowed;
    out.limit = quota.capacity;
    out.remaining = static_cast<int>(tokens_);
    out.reset_seconds = static_cast<int>(std::ceil((quota.capacity - tokens_) / rate));
    out.retry_seconds = allowed ? 0 : std::max(1, static_cast<int>(std::ceil((1 - tokens_) / rate)));
    return out;
  }

  double tokens_;
  SteadyPoint at_;
};

}  // namespace mm::gateway
