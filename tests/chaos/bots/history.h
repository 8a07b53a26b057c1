// Writes a history of a chaos run: one line of JSON per fact, each with one write(2) to a file opened with O_APPEND. So
// the end of the process, even by SIGKILL, loses no complete line. README.md in this folder describes the lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/base/result.h"
#include "common/wire/codec.h"

namespace mm::chaos {

/// The phase of an operation: its start, or what is known about its effect. `info`: it may or may not have happened.
enum class Phase { invoke, ok, fail, info };

std::string_view name_of(Phase phase);

/// The members of a line that depend on its operation, as JSON text; those of every line (t, w, n, i, op, ph) must not
/// be added. wire::encode() writes a value; an absent optional adds nothing. Never add a secret, only hash_of() it.
class Fields {
 public:
  template <class T>
  Fields& add(std::string_view key, const T& value) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return add_json(key, wire::encode(std::string(std::string_view(value))));
    } else if constexpr (wire::detail::IsOptional<T>::value) {
      return value ? add(key, *value) : *this;
    } else {
      return add_json(key, wire::encode(value));
    }
  }
  /// Adds a value that is JSON text already.
  Fields& add_json(std::string_view key, std::string_view json);
  Fields& add_all(const Fields& more);

  const std::string& text() const { return text_; }  ///< `,"key":value` for each member

 private:
  std::string text_;
};

/// The first 16 hex digits of the SHA-256 of a secret.
std::string hash_of(std::string_view secret);

/// One file of a history. Not thread-safe. If a line cannot be written, the process ends with status 74: without a
/// complete history the run proves nothing.
class History {
 public:
  static constexpr int kExitNotWritten = 74;

  /// Creates the file, or appends to it. `name`: of this process, unique in the run.
  static Result<History, std::string> open(const std::string& path, std::string name);
  History(History&& other) noexcept;
  History& operator=(History&&) = delete;
  ~History();

  /// Writes the invoke line of an operation and returns the number of the operation.
  std::int64_t begin(std::string_view op, const Fields& fields);
  /// Writes the second and last line of an operation.
  void end(std::int64_t number, std::string_view op, Phase phase, const Fields& fields);
  /// Writes a fact that is not an operation: one line with the phase ok.
  void fact(std::string_view op, const Fields& fields);

  std::int64_t lines() const { return lines_; }

 private:
  History(int file, std::string name) : file_(file), name_(std::move(name)) {}
  void write(std::int64_t number, std::string_view op, Phase phase, const Fields& fields);

  int file_ = -1;
  std::string name_;
  std::int64_t last_number_ = 0;
  std::int64_t lines_ = 0;
};

}  // namespace mm::chaos
