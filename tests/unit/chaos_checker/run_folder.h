// Writes the folder of a run for tests of mm-check, and runs the checker on it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/testing/own_file.h"

namespace mm::chaos {

/// A JSON object in the making: Json().text("op", "login").number("seq", 3).
class Json {
 public:
  Json& text(std::string_view key, std::string_view value);
  Json& number(std::string_view key, std::int64_t value);
  Json& real(std::string_view key, double value);
  Json& flag(std::string_view key, bool value);
  Json& raw(std::string_view key, std::string_view json);
  Json& texts(std::string_view key, const std::vector<std::string>& values);
  /// All members of another object.
  Json& also(const Json& other);
  std::string str() const { return "{" + members_ + "}"; }

 private:
  void key(std::string_view key);
  std::string members_;
};

/// An array of JSON values.
std::string array_of(const std::vector<std::string>& values);
/// Wall milliseconds as PostgreSQL and JetStream write them.
std::string time_text(std::int64_t wall_ms);

/// Wall time of monotonic time 0 in all tests.
inline constexpr std::int64_t kEpochMs = 1'800'000'000'000;

/// The files of a run, by name, as lines.
class RunFiles {
 public:
  std::map<std::string, std::vector<std::string>> files;

  void add(const std::string& file, const Json& line) { files[file].push_back(line.str()); }
  void row(const std::string& table, const Json& row) { add("dump/postgres/" + table + ".jsonl", row); }
  void key(const std::string& key, const std::string& type, const std::string& value);
  void message(const std::string& stream, std::int64_t sequence, std::int64_t at_ms, const std::string& subject,
               const std::string& message_id, const std::string& body);

  /// One line of history at a monotonic time in ms.
  void line(const std::string& writer, std::int64_t number, std::string_view op, std::string_view phase,
            std::int64_t at_ms, const Json& fields);
  /// An operation with its answer; `phase` is ok, fail or info.
  void call(const std::string& writer, std::string_view op, std::int64_t from_ms, std::int64_t to_ms,
            std::string_view phase, const Json& asked, const Json& answered = {});
  /// An operation without an answer.
  void lost(const std::string& writer, std::string_view op, std::int64_t at_ms, const Json& asked);
  void fact(const std::string& writer, std::string_view op, std::int64_t at_ms, const Json& fields = {});

  /// Writes everything to a folder. Each file of `cut` loses its last line feed and some bytes before it.
  void write(const std::string& folder, const std::set<std::string>& cut = {}) const;

 private:
  std::int64_t number_ = 0;
};

/// The ids of the violated invariants, and the text of the report.
struct Checked {
  int status = 0;
  std::set<std::string> violated;
  std::string text;
  std::string errors;
};
Checked check(const RunFiles& files, const std::set<std::string>& cut = {});
Checked check_folder(const std::string& folder);

}  // namespace mm::chaos
