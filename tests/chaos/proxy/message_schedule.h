// Decides what becomes of each NATS message of one direction of a connection: dropped, repeated, delayed, reordered. A
// pure function of the messages, the times and the seed. Protocol lines that are not messages keep their place between
// the messages that are not held. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/chaos/proxy/fault.h"
#include "tests/chaos/proxy/nats_frames.h"

namespace mm::chaos {

class MessageSchedule {
 public:
  struct Counts {
    std::uint64_t dropped = 0;
    std::uint64_t repeated = 0;
    std::uint64_t held = 0;  ///< delayed or put into the window
  };

  explicit MessageSchedule(std::uint64_t seed) : random_(seed) {}

  /// Held messages keep the times that they have. Use `release_all` when a fault has ended.
  void set(const Fault& fault) { fault_ = fault; }

  /// Appends to `out` the bytes that are to be sent now.
  void add(NatsFrame frame, SteadyPoint now, std::vector<std::string>& out);
  /// Appends the messages whose time has come.
  void release(SteadyPoint now, std::vector<std::string>& out);
  void release_all(std::vector<std::string>& out);
  /// The time at which `release` has something to do.
  std::optional<SteadyPoint> next_release() const;

  const Counts& counts() const { return counts_; }

  /// No message waits longer in the window.
  static constexpr Milliseconds kLongestInWindow{200};
  static constexpr std::size_t kMaxHeld = 10'000;

 private:
  struct Held {
    SteadyPoint due;
    std::string bytes;
  };

  bool concerns(const NatsFrame& frame) const;
  int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint64_t>(limit)); }
  void hold(SteadyPoint due, std::string bytes, std::vector<std::string>& out);

  std::mt19937_64 random_;
  Fault fault_;
  std::vector<Held> window_;   // in the order of arrival
  std::vector<Held> delayed_;  // ordered by due
  Counts counts_;
};

}  // namespace mm::chaos
