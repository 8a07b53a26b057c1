// LiveModes: the mode table with changes of its file applied while the daemon runs. The file is read every second. If
// it has changed and is valid, the new table replaces the old one for later calls of now(). If it is not valid, each
// problem is logged once, a gauge is set, and the old table stays in use.
//
// Call now() once per operation and keep the result, so that the operation sees a single table. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/contracts/modes.h"
#include "common/runtime/metrics.h"
#include "common/runtime/periodic_task.h"

namespace mm::runtime {

class LiveModes {
 public:
  using Table = std::shared_ptr<const ModeTable>;  ///< owners: this, and operations that still use the table

  static constexpr Milliseconds kLookEvery{1'000};

  /// `first`: the table that was read at the start. `file`: its path; empty for a table that never changes.
  LiveModes(ModeTable first, std::string file, metrics::Registry& registry, Milliseconds look_every = kLookEvery);
  LiveModes(const LiveModes&) = delete;
  LiveModes& operator=(const LiveModes&) = delete;

  Table now() const;
  /// The previous table (or the current one, if there was no change). Other processes may still use it.
  Table before() const;
  /// Incremented by each change.
  std::uint64_t version() const { return version_; }

  /// Reads the file immediately, for callers that found something that only a newer table can explain.
  void look();

 private:
  std::optional<std::string> settled_text();
  void take_over(std::string text) REQUIRES(looking_);
  void refuse(const std::vector<std::string>& problems) REQUIRES(looking_);

  const std::string file_;
  metrics::Gauge refused_;
  metrics::Counter changes_;
  std::atomic<std::uint64_t> version_ = 1;
  mutable Mutex mutex_;
  Table now_ GUARDED_BY(mutex_);
  Table before_ GUARDED_BY(mutex_);
  Mutex looking_;
  std::optional<std::string> seen_ GUARDED_BY(looking_);  // content that was read last
  bool is_refused_ GUARDED_BY(looking_) = false;
  std::optional<PeriodicTask> task_;  // last member: it uses all others
};

/// The modes that exist in only one of the tables or differ between them.
std::vector<Mode> changed_modes(const ModeTable& before, const ModeTable& after);

}  // namespace mm::runtime
