// When faults were active, so that limits of time are only checked outside of them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/checker/run/calls.h"

namespace mm::chaos {

/// One injection. It disturbs from its begin until it was healed and the bound for the return to normal has passed.
struct Fault {
  std::string id;  ///< F01 to F41, or any other text
  Where at;
  std::int64_t begin_ms = 0;  ///< wall
  std::int64_t end_ms = 0;    ///< wall, with the bound; a fault that never ended: kNever
};

/// Faults after which the Redis "queue" may be empty or older than before.
inline const std::vector<std::string_view> kQueueLost{"F30"};
/// Faults after which a stream may lack messages, which are then sent again.
inline const std::vector<std::string_view> kStreamLost{"F14", "F15", "F16"};

class Timeline {
 public:
  static constexpr std::int64_t kDefaultBoundMs = 10'000;

  Timeline() = default;
  explicit Timeline(std::vector<Fault> faults);

  const std::vector<Fault>& faults() const { return faults_; }

  /// Milliseconds of [from, to] (wall) in which at least one fault disturbed. 0 if `to` is before `from`.
  std::int64_t disturbed_ms(std::int64_t from, std::int64_t to) const;
  bool calm(std::int64_t from, std::int64_t to) const;

  /// Whether a fault with one of these ids (as "F30") disturbed at some time after `from`. Such faults lose data that
  /// other faults must not lose.
  bool any_after(std::int64_t from, const std::vector<std::string_view>& ids) const;
  /// The same, for a fault that disturbed at some time in [from, to].
  bool any_between(std::int64_t from, std::int64_t to, const std::vector<std::string_view>& ids) const;

 private:
  struct Span {
    std::int64_t begin;
    std::int64_t end;
    std::int64_t before;  ///< length of all spans before this one
  };
  std::int64_t disturbed_until(std::int64_t time) const;

  std::vector<Fault> faults_;
  std::vector<Span> spans_;  ///< disjoint, in order
};

}  // namespace mm::chaos
