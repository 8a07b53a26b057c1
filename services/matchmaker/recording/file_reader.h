// Reads a recording's file block by block. What is damaged or cut off ends the reading with a sentence that says where;
// everything before it is good. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "services/matchmaker/recording/file_writer.h"

namespace mm::matchmaker::recording {

class FileReader {
 public:
  /// Fails for what cannot be read, is no recording, or is of a version this program does not know.
  static Result<FileReader, std::string> open(const std::string& path);
  FileReader(FileReader&&) noexcept;
  ~FileReader();

  const FileHead& head() const;

  enum class Read {
    events,      ///< `piece` holds whole events
    end,         ///< the writer ended the file here
    unfinished,  ///< no more, and the writer has not ended it: it is being written, or its process was killed
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
