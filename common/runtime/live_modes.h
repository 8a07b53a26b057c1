// The mode table as its file stands now. The file is read again every second; when it has changed and is valid, the new
// table takes the old one's place, and whoever asks next gets it. One that is not valid is refused: each problem is
// logged once, a gauge is set, and the old table goes on.
//
// Ask once for each piece of work and keep the answer while it lasts, so that the work sees one table. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/modes.h"
#include "common/runtime/metrics.h"

namespace mm::runtime {

class LiveModes {
 public:
  using Table = std::shared_ptr<const ModeTable>;  ///< owned by whoever still works with it

  static constexpr Milliseconds kLookEvery{1'000};

  /// `first`: what was read at the start. `file`: empty for a table that never changes.
  LiveModes(ModeTable first, std::string file, metrics::Registry& registry, Milliseconds look_every = kLookEvery);
  ~LiveModes();
  LiveModes(const LiveModes&) = delete;
  LiveModes& operator=(const LiveModes&) = delete;

  Table now() const;
  /// The one before that (the same, if there was none): other processes may still go by it.
  Table before() const;
  /// Grows with every change.
  std::uint64_t version() const { return version_; }

  /// Looks at once, for who has met something that only a newer table explains.
  void look();

 private:
  void run();
  std::optional<std::string> settled_text();
  void take_over(std::string text);
  void refuse(const std::vector<std::string>& problems);

  const std::string file_;
  const Milliseconds look_every_;
  metrics::Gauge refused_;
  metrics::Counter changes_;
  std::atomic<std::uint64_t> version_ = 1;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // guarded by mutex_, as the next two
  Table now_;
  Table before_;
  std::mutex looking_;
  std::optional<std::string> seen_;  // guarded by looking_, as the next: what was read last, taken or refused
  bool is_refused_ = false;
  std::thread thread_;  // last: it runs only when all else stands
};

/// Modes that one of the tables lacks, or that say another thing in the other.
std::vector<Mode> changed_modes(const ModeTable& before, const ModeTable& after);

}  // namespace mm::runtime
