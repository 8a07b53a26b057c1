// Keeps a recording of what the planner is given (recording/README.md), in files of a folder of this instance's. The
// tick thread takes down; a thread of its own compresses and writes. Nothing here makes a tick wait or fail:
//
// - When the writer falls behind by more than it may, what it has not been given is dropped, the gap is marked, and
// when
//   all is written the recording begins anew.
// - When the disk is full or a file cannot be written, the recording ends with one line in the log.
//
// A new file is begun with each start and when one is large enough; the oldest are deleted so that all together stay
// within their bound.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/recording/file_writer.h"
#include "services/matchmaker/recording/tape.h"

namespace mm::matchmaker {

class Recorder {
 public:
  struct Options {
    std::string folder;  ///< empty: nothing is recorded
    std::string instance;
    std::uint64_t bytes = 1024ULL * 1024 * 1024;  ///< of all files together
    std::uint64_t file_bytes = 64ULL * 1024 * 1024;
    std::size_t waiting_bytes = 32 * 1024 * 1024;  ///< taken down and not yet written
    Milliseconds flush_every{1'000};
  };
  Recorder(const Options& options, const Clock& clock, Metrics& metrics);
  /// Writes what was taken down and ends the file.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The tick thread's.
  /// Nothing: no recording was asked for.
  recording::Tape* tape() { return wanted() ? &tape_ : nullptr; }
  /// A tick begins.
  void tick();

 private:
  struct Waiting {
    bool new_file = false;
    std::string piece;
  };
  bool wanted() const { return !options_.folder.empty(); }
  void keep(std::string&& piece);
  void begin_file();
  void end_gap();

  void write();
  std::optional<Waiting> next();
  Result<Done, std::string> put_down(const Waiting& one);
  Result<Done, std::string> open_file();
  Result<Done, std::string> make_room();
  void stop_recording(const std::string& why);

  const Options options_;
  const std::filesystem::path folder_;  ///< the instance's own
  const Clock& clock_;
  Metrics& metrics_;

  // The tick thread's.
  recording::Tape tape_;
  SteadyPoint flushed_at_{};
  struct Gap {
    TimePoint from;
    SteadyPoint since;
  };
  std::optional<Gap> gap_;
  SteadyPoint resumed_at_{};
  Milliseconds patience_;  ///< from a gap to the next try

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;  // guarded by mutex_, as the next three
  std::size_t waiting_bytes_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> file_is_full_ = false;

  // The writer's.
  std::optional<recording::FileWriter> file_;
  int parts_ = 0;
  std::thread writer_;  // last
};

}  // namespace mm::matchmaker
