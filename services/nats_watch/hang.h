// Decides when a nats-server that runs but stores nothing is killed. Pure: the time and what was seen are arguments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "common/base/clock.h"

namespace mm::nats_watch {

/// Kills that are older no longer count.
inline constexpr Seconds kMemory{600};

/// How long a nats-server may hang before it is killed, after this number of kills within `kMemory`: 2 s, 4 s, 8 s, up
/// to 256 s. So there are at most 8 kills in ten minutes.
inline constexpr Milliseconds patience_after(std::size_t kills) {
  constexpr std::size_t kMost = 7;
  return Milliseconds{2'000 << std::min(kills, kMost)};
}

struct Seen {
  bool works = false;       ///< JetStream stores messages
  bool has_worked = false;  ///< it has stored messages at least once since its start
  bool answers = false;     ///< nats-server lets a new client in, so the process is neither frozen nor starting
  bool disk_works = false;  ///< its disk has room and takes data within the time
};

/// Why a server that does not work is left alone. Empty: it works, or it hangs.
inline std::string_view why_spared(const Seen& seen) {
  if (seen.works) return "";
  if (!seen.has_worked) return "it has not worked since its start, so another start would not help";
  if (!seen.answers) return "it lets no client in, so it is starting, stopped or frozen";
  if (!seen.disk_works) return "its disk takes no data";
  return "";
}

class Hang {
 public:
  explicit Hang(Milliseconds patience) : patience_(patience) {}

  /// True if the server has hung for longer than `patience`.
  bool is_over(const Seen& seen, SteadyPoint now) {
    const bool hangs = !seen.works && why_spared(seen).empty();
    if (!hangs || !hung_) since_ = now;
    hung_ = hangs;
    return hangs && now - since_ >= patience_;
  }

 private:
  const Milliseconds patience_;
  bool hung_ = false;
  SteadyPoint since_{};  // while hung_
};

}  // namespace mm::nats_watch
