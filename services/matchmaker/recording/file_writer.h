// Writes pieces of a recording to a file: compressed, in blocks with a checksum, each of which can be read as soon as
// it is written. README.md describes the format. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace mm::matchmaker::recording {

/// The content of a file's first block.
struct FileHead {
  std::string instance;
  TimePoint started_at{};  ///< when the file was begun
  int part = 1;            ///< number of the file among those of its process, from 1
};

class FileWriter {
 public:
  /// The file must not exist yet. The error is one sentence.
  static Result<FileWriter, std::string> create(const std::string& path, const FileHead& head);
  FileWriter(FileWriter&&) noexcept;
  FileWriter& operator=(FileWriter&&) noexcept;
  /// Calls finish() and ignores errors.
  ~FileWriter();

  /// Writes one block. `piece` must contain whole events.
  Result<Done, std::string> write(std::string_view piece);
  /// Writes the end block, which marks the file as complete (not cut off by a crash), and closes the file.
  Result<Done, std::string> finish();

  /// Bytes on disk so far.
  std::uint64_t bytes() const;
  const std::string& path() const;

 private:
  struct State;
  explicit FileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mm::matchmaker::recording
