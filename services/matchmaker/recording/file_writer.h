// Writes pieces of a recording to a file: compressed, in blocks that each carry a checksum and can be read as soon as
// they are written. See README.md for the bytes. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace mm::matchmaker::recording {

/// What stands at the beginning of a file.
struct FileHead {
  std::string instance;
  TimePoint started_at{};  ///< when the file was begun
  int part = 1;            ///< of a process' files
};

class FileWriter {
 public:
  /// The file must not exist yet. The failure is one sentence.
  static Result<FileWriter, std::string> create(const std::string& path, const FileHead& head);
  FileWriter(FileWriter&&) noexcept;
  FileWriter& operator=(FileWriter&&) noexcept;
  /// As finish(), with nobody to tell.
  ~FileWriter();

  /// One block, which holds whole events.
  Result<Done, std::string> write(std::string_view piece);
  /// Says that the file ends here and not by a crash, and closes it.
  Result<Done, std::string> finish();

  /// So far, as on disk.
  std::uint64_t bytes() const;
  const std::string& path() const;

 private:
  struct State;
  explicit FileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mm::matchmaker::recording
