// Trace ids come from a per-thread generator that is seeded by the operating system. They are unique for practical
// purposes, but not secret.
#include "common/runtime/trace.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace mm::trace {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kLength = 55;

thread_local Context current_context;

std::uint64_t draw() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

template <std::size_t N>
void fill(std::array<std::uint8_t, N>& bytes) {
  static_assert(N % 8 == 0);
  do {
    for (std::size_t i = 0; i < N; i += 8) {
      const auto value = draw();
      std::memcpy(bytes.data() + i, &value, 8);
    }
  } while (bytes == std::array<std::uint8_t, N>{});
}

template <std::size_t N>
void append_hex(std::string& out, const std::array<std::uint8_t, N>& bytes) {
  for (const auto byte : bytes) {
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
}

// Reads exactly N bytes of lower-case hex.
template <std::size_t N>
bool read_hex(std::string_view text, std::array<std::uint8_t, N>& out) {
  for (std::size_t i = 0; i < N; ++i) {
    const auto high = kHex.find(text[2 * i]);
    const auto low = kHex.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace

std::string Context::trace_id_text() const {
  std::string text;
  text.reserve(32);
  append_hex(text, trace_id);
  return text;
}

std::string Context::traceparent() const {
  std::string text = "00-";
  text.reserve(kLength);
  append_hex(text, trace_id);
  text += '-';
  append_hex(text, span_id);
  text += sampled ? "-01" : "-00";
  return text;
}

std::optional<Context> parse_traceparent(std::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  Context context;
  if (!read_hex(text, version) || version[0] == 0xFF) return std::nullopt;
  if (text.size() > kLength && (version[0] == 0 || text[kLength] != '-')) return std::nullopt;
  if (!read_hex(text.substr(3), context.trace_id) || !read_hex(text.substr(36), context.span_id) ||
      !read_hex(text.substr(53), flags)) {
    return std::nullopt;
  }
  if (context.none() || context.span_id == std::array<std::uint8_t, 8>{}) return std::nullopt;
  context.sampled = (flags[0] & 1) != 0;
  return context;
}

Context new_trace() {
  Context context;
  fill(context.trace_id);
  fill(context.span_id);
  return context;
}

Context child_of(const Context& parent) {
  if (parent.none()) return new_trace();
  Context context = parent;
  fill(context.span_id);
  return context;
}

const Context& current() { return current_context; }

Scope::Scope(const Context& context) : before_(current_context) { current_context = context; }
Scope::~Scope() { current_context = before_; }

}  // namespace mm::trace
