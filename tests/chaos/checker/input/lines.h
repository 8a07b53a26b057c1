// Reads files of JSON lines field by field. The first thing that cannot be read ends the reading, and is reported with
// file, line and field.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/wire/json.h"
#include "tests/chaos/checker/run/run.h"

namespace mm::chaos {

/// Why a run cannot be read, as "history/bots.jsonl:12: ticket: must be a string".
struct ReadError {
  std::string text;
};

/// Wall milliseconds of an RFC 3339 time or of a timestamptz as row_to_json writes it, with any offset.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// Hundredths of a rating given in points.
std::int64_t hundredths(double points);

/// The JSON object of one line or a part of it. Reading a field of the wrong type stores an error and returns the
/// default. An absent field and null give the default without an error.
class Object {
 public:
  struct Line {
    Run& run;
    Where at;
    std::optional<ReadError>& error;
    void fail(std::string_view field, std::string_view what);
  };

  Object(json::Value value, Line& line) : value_(value), line_(line) {}

  Run& run() const { return line_.run; }
  Where at() const { return line_.at; }
  Line& line() const { return line_; }
  json::Value value() const { return value_; }

  std::optional<json::Value> find(std::string_view name) const;
  Symbol symbol(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t absent = -1) const;
  double real(std::string_view name, double absent = 0) const;
  bool boolean(std::string_view name) const;
  std::int64_t time_ms(std::string_view name) const;
  std::vector<Symbol> symbols(std::string_view name) const;
  /// As `symbol`, but an error if the field is absent.
  Symbol needed(std::string_view name) const;

 private:
  json::Value value_;
  Line& line_;
};

/// The text of a string or a number; nullopt for other kinds.
std::optional<std::string_view> text_of(const json::Value& value);

/// A value that is either JSON or a string with JSON in it: parses the string, and calls `use` with the value. False:
/// the string is not JSON.
bool with_embedded(const json::Value& value, const std::function<void(json::Value)>& use);

enum class LastLine { may_be_cut, must_be_whole };

/// Calls `use` for each line of a file of the run, which must be a JSON object. Empty lines are skipped. A last line
/// without a line feed is ignored if it may be cut.
std::optional<ReadError> read_lines(Run& run, const std::string& name, LastLine last,
                                    const std::function<void(const Object&)>& use);

/// Adds a file to Run::files and returns its index.
std::uint32_t add_file(Run& run, const std::string& name);

}  // namespace mm::chaos
