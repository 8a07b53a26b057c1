// Structured logging: JSON lines on standard output, one write(2) each, for example
//   {"time":"…","level":"info","service":"lobby","event":"party_created","trace_id":"…","party_id":"…"}
// Thread-safe. A line that cannot be written without blocking is dropped and counted. Never log secrets, e-mail
// addresses or message bodies.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace mm::log {

enum class Level { debug, info, warning, error };

/// One key and value of a line. Texts are truncated to 256 bytes.
struct Field {
  std::string_view key;
  std::variant<std::string, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string_view text) : key(k), value(std::string(text)) {}
  Field(std::string_view k, const char* text) : key(k), value(std::string(text)) {}
  Field(std::string_view k, const std::string& text) : key(k), value(text) {}
  Field(std::string_view k, bool truth) : key(k), value(truth) {}
  Field(std::string_view k, std::integral auto number) : key(k), value(static_cast<std::int64_t>(number)) {}
  Field(std::string_view k, std::floating_point auto number) : key(k), value(static_cast<double>(number)) {}
  template <class T>
  requires requires(const T& t) { t.to_string(); }
  Field(std::string_view k, const T& id) : key(k), value(id.to_string()) {}
  template <class T>
  requires requires(const T& t) { t.str(); }
  Field(std::string_view k, const T& name) : key(k), value(name.str()) {}
};

/// Called once at start, before other threads exist. `level` by name: debug, info, warning, error.
void start(std::string_view service, std::string_view instance, Level level);
bool parse_level(std::string_view name, Level& out);

/// `event` is a past-tense constant in snake_case.
void debug(std::string_view event, std::initializer_list<Field> fields = {});
void info(std::string_view event, std::initializer_list<Field> fields = {});
void warning(std::string_view event, std::initializer_list<Field> fields = {});
void error(std::string_view event, std::initializer_list<Field> fields = {});

/// Number of lines that were dropped because they could not be written.
std::uint64_t dropped();

}  // namespace mm::log
