// MemoryGate: whether new work is refused because a Redis has little memory left. What has begun needs memory to be
// finished, so new work is refused before the memory is used up. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/contracts/problem.h"

namespace mm::storage {

/// The memory of a Redis in bytes. `most`: its setting maxmemory; 0: no limit.
struct RedisMemory {
  std::int64_t used = 0;
  std::int64_t most = 0;

  double share() const { return most > 0 ? static_cast<double>(used) / static_cast<double>(most) : 0; }
};

/// Reads the reply to INFO memory.
std::optional<RedisMemory> memory_in(std::string_view info);

class MemoryGate {
 public:
  /// New work is refused from the first share on, and accepted again below the second.
  static constexpr double kRefuseFrom = 0.80;
  static constexpr double kAcceptBelow = 0.75;

  /// Call it about once a second. Returns true if the answer of `refuses` has changed.
  bool measure(const RedisMemory& memory) {
    const bool before = refuses_;
    refuses_ = memory.share() >= (before ? kAcceptBelow : kRefuseFrom);
    return refuses_ != before;
  }
  bool refuses() const { return refuses_; }
  /// The refusal of new work: 503; nothing if new work is accepted.
  std::optional<Problem> refusal() const;

 private:
  std::atomic<bool> refuses_ = false;  // written by one thread
};

}  // namespace mm::storage
