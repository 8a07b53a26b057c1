// W3C trace context (traceparent, version 00), and the trace of the work that a thread does at present. The bus sets it
// around every handler and sends it with every request and event. Every log line contains it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mm::trace {

/// The trace and span of a piece of work. A value type; all-zero means none.
struct Context {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool sampled = true;

  bool none() const { return trace_id == std::array<std::uint8_t, 16>{}; }
  std::string trace_id_text() const;  ///< 32 lower-case hex digits
  std::string traceparent() const;    ///< 00-<trace>-<span>-<flags>
};

/// Strict: 55 characters, lower-case hex, not all-zero, version not ff. A longer text of a later version is accepted if
/// a hyphen follows the 55 characters.
std::optional<Context> parse_traceparent(std::string_view text);

/// A new trace, or a new span of the same trace.
Context new_trace();
Context child_of(const Context& parent);

/// The context of this thread. none() outside of any Scope.
const Context& current();

/// Sets this thread's context until the end of the block.
class Scope {
 public:
  explicit Scope(const Context& context);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Context before_;
};

}  // namespace mm::trace
