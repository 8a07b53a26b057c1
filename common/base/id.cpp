#include "common/base/id.h"

#include <sys/random.h>

#include "common/base/mutex.h"
#include "common/base/result.h"

namespace mm {
namespace {

constexpr std::array<std::size_t, 16> kOffsets{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::string_view kHex = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

TimePoint Uuid::issued_at() const {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8) | bytes[i];
  return TimePoint(Milliseconds(ms));
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_place(i) ? text[i] != '-' : hex_value(text[i]) < 0) return std::nullopt;
  }
  Uuid uuid;
  for (std::size_t i = 0; i < 16; ++i) {
    uuid.bytes[i] = static_cast<std::uint8_t>(hex_value(text[kOffsets[i]]) * 16 + hex_value(text[kOffsets[i] + 1]));
  }
  return uuid;
}

std::string Uuid::to_string() const {
  std::string text(36, '-');
  for (std::size_t i = 0; i < 16; ++i) {
    text[kOffsets[i]] = kHex[bytes[i] >> 4];
    text[kOffsets[i] + 1] = kHex[bytes[i] & 0xF];
  }
  return text;
}

Uuid new_uuid(TimePoint now) {
  Uuid uuid;
  check(getrandom(uuid.bytes.data(), uuid.bytes.size(), 0) == static_cast<ssize_t>(uuid.bytes.size()),
        "the operating system returned no random bytes");

  // A 12-bit counter in rand_a keeps the ids of one millisecond in order. It starts at a random value in the lower
  // half, which leaves at least 2,048 increments. When it overflows, the id uses the next millisecond.
  static Mutex mutex;
  static std::int64_t last_ms GUARDED_BY(mutex) = 0;
  static std::uint32_t counter GUARDED_BY(mutex) = 0;
  std::int64_t ms = now.time_since_epoch().count();
  std::uint32_t sequence = 0;
  {
    const MutexLock lock(mutex);
    if (ms > last_ms) {
      last_ms = ms;
      counter = (static_cast<std::uint32_t>(uuid.bytes[6]) << 8 | uuid.bytes[7]) & 0x7FF;
    } else if (++counter > 0xFFF) {
      ++last_ms;
      counter = 0;
    }
    ms = last_ms;
    sequence = counter;
  }
  for (std::size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * static_cast<int>(i)));
  uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | (sequence >> 8));
  uuid.bytes[7] = static_cast<std::uint8_t>(sequence);
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3F));
  return uuid;
}

}  // namespace mm
