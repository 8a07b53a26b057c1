// LiveModes: the mode table with changes of its file applied while the daemon runs. The file is read every second. If
// it has changed and is valid, the new table replaces the old one for later calls of current(). If it is not valid,
// each problem is logged once, a gauge is set, and the old table stays in use.
//
// Call current() once per operation and keep the result, so that the operation sees a single table. Thread-safe.
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

  static constexpr Milliseconds kReloadInterval{1'000};

  /// `first`: the table that was read at the start. `file`: its path; empty for a table that never changes.
  LiveModes(ModeTable first, std::string file, metrics::Registry& registry,
            Milliseconds reload_interval = kReloadInterval);
  LiveModes(const LiveModes&) = delete;
  LiveModes& operator=(const LiveModes&) = delete;

  Table current() const;
  /// The previous table (or the current one, if there was no change). Other processes may still use it.
  Table previous() const;
  /// Incremented by each change.
  std::uint64_t version() const { return version_; }

  /// Reads the file immediately, for callers that found something that only a newer table can explain.
  void reload();

 private:
  std::optional<std::string> settled_text();
  void apply(std::string text) REQUIRES(reloading_);
  void refuse(const std::vector<std::string>& problems) REQUIRES(reloading_);

  const std::string file_;
  metrics::Gauge refused_;
  metrics::Counter changes_;
  std::atomic<std::uint64_t> version_ = 1;
  mutable Mutex mutex_;
  Table current_ GUARDED_BY(mutex_);
  Table previous_ GUARDED_BY(mutex_);
  Mutex reloading_;
  std::optional<std::string> last_text_ GUARDED_BY(reloading_);  // content that was read last
  bool is_refused_ GUARDED_BY(reloading_) = false;
  std::optional<PeriodicTask> task_;  // last member: it uses all others
};

/// The modes that exist in only one of the tables or differ between them.
std::vector<Mode> changed_modes(const ModeTable& before, const ModeTable& after);

}  // namespace mm::runtime
