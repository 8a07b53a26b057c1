// Records what the planner is given (recording/README.md) to files in a folder of this instance. The tick thread
// encodes; a separate thread compresses and writes. Recording never makes a tick wait or fail:
//
// - If the writer falls too far behind, new events are dropped and the gap is marked. When everything before has been
//   written, the recording begins anew.
// - If the disk is full or a file cannot be written, the recording ends with one line in the log.
//
// A new file begins at each start, and when the current file is large enough. The oldest files are deleted, so that all
// files together stay within their limit.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/recording/event_encoder.h"
#include "services/matchmaker/recording/file_writer.h"

namespace mm::matchmaker {

class Recorder {
 public:
  struct Options {
    std::string folder;  ///< empty: nothing is recorded
    std::string instance;
    std::uint64_t bytes = 1024ULL * 1024 * 1024;  ///< limit of all files together
    std::uint64_t file_bytes = 64ULL * 1024 * 1024;
    std::size_t max_queued_bytes = 32 * 1024 * 1024;  ///< encoded but not yet written
    Milliseconds flush_every{1'000};
  };
  Recorder(const Options& options, const Clock& clock, Metrics& metrics);
  /// Writes what was recorded and ends the file.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Tick thread only.
  /// Null if recording is off.
  recording::EventEncoder* encoder() { return wanted() ? &encoder_ : nullptr; }
  /// Call at the start of each tick.
  void tick();

 private:
  struct WriteJob {
    bool new_file = false;
    std::string piece;
  };
  bool wanted() const { return !options_.folder.empty(); }
  void enqueue(std::string&& piece);
  void begin_file();
  void end_gap();

  void write();
  std::optional<WriteJob> next();
  Result<Done, std::string> write_job(const WriteJob& job);
  Result<Done, std::string> open_file();
  Result<Done, std::string> make_room();
  void stop_recording(const std::string& why);

  const Options options_;
  const std::filesystem::path folder_;  ///< of this instance
  const Clock& clock_;
  Metrics& metrics_;

  // Tick thread only.
  recording::EventEncoder encoder_;
  SteadyPoint flushed_at_{};
  struct Gap {
    TimePoint from;
    SteadyPoint since;
  };
  std::optional<Gap> gap_;
  SteadyPoint resumed_at_{};
  Milliseconds pause_;  ///< pause between a gap and the next attempt

  Mutex mutex_;
  Condition changed_;
  std::deque<WriteJob> jobs_ GUARDED_BY(mutex_);
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool writing_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> file_is_full_ = false;

  // Writer thread only.
  std::optional<recording::FileWriter> file_;
  int parts_ = 0;
  std::thread writer_;  // last member
};

}  // namespace mm::matchmaker
