// Reads a recording file block by block. A damaged or cut-off block ends the reading, with a failure text that says
// where; everything before it is good. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "services/matchmaker/recording/file_writer.h"

namespace mm::matchmaker::recording {

class FileReader {
 public:
  /// Fails if the file cannot be read, is not a recording, or has a version that this program does not know.
  static Result<FileReader, std::string> open(const std::string& path);
  FileReader(FileReader&&) noexcept;
  ~FileReader();

  const FileHead& head() const;

  enum class Read {
    events,      ///< `piece` holds whole events
    end,         ///< the writer ended the file here
    unfinished,  ///< the file ends without an end block: it is being written, or its process was killed
    damaged,     ///< see failure()
  };
  Read next(std::string& piece);
  const std::string& failure() const;

 private:
  struct State;
  explicit FileReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mm::matchmaker::recording
