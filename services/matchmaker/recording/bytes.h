// Encodes and decodes the values of a recording: integers with 7 bits per byte (LEB128), signed integers in zigzag
// form, doubles as their bits, texts after their length. Input may be damaged: after a reader runs out of bytes or
// meets an invalid number, failed() is true and all further reads return zeros.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/base/id.h"

namespace mm::matchmaker::recording {

inline void put_u32(std::string& to, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<char>((value >> shift) & 0xFF));
}

inline void put_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>((value & 0x7F) | 0x80));
  to.push_back(static_cast<char>(value));
}

inline void put_signed(std::string& to, std::int64_t value) {
  put_varint(to, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

inline void put_double(std::string& to, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) to.push_back(static_cast<char>((bits >> shift) & 0xFF));
}

/// Points (ratings, milliseconds). Whole hundredths take two or three bytes; other values are a 1 and then a double.
inline void put_points(std::string& to, double value) {
  constexpr double kMaxValue = 1e12;
  const bool small = std::fabs(value) < kMaxValue;
  const std::int64_t hundredths = small ? std::llround(value * 100) : 0;
  if (small &&
      std::bit_cast<std::uint64_t>(static_cast<double>(hundredths) / 100) == std::bit_cast<std::uint64_t>(value)) {
    const auto zigzag = (static_cast<std::uint64_t>(hundredths) << 1) ^ static_cast<std::uint64_t>(hundredths >> 63);
    return put_varint(to, zigzag << 1);
  }
  put_varint(to, 1);
  put_double(to, value);
}

inline void put_text(std::string& to, std::string_view text) {
  put_varint(to, text.size());
  to.append(text);
}

inline void put_uuid(std::string& to, const Uuid& uuid) {
  for (const std::uint8_t byte : uuid.bytes) to.push_back(static_cast<char>(byte));
}

/// Reads values written by the functions above. `bytes` must outlive the reader.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  bool failed() const { return failed_; }
  std::size_t remaining() const { return rest_.size(); }

  std::uint8_t byte() {
    if (rest_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint32_t u32() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 8) value |= std::uint32_t{byte()} << shift;
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte();
      if (shift == 63 && next > 1) return fail();
      value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
      if (next < 0x80) return failed_ ? 0 : value;
    }
    return fail();
  }
  std::int64_t zigzag() { return unzigzag(varint()); }
  double real() {
    std::uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 8) bits |= static_cast<std::uint64_t>(byte()) << shift;
    return failed_ ? 0 : std::bit_cast<double>(bits);
  }
  double points() {
    const std::uint64_t value = varint();
    if (value == 1) return real();
    if ((value & 1) != 0) return fail();
    return static_cast<double>(unzigzag(value >> 1)) / 100;
  }
  std::string_view text() {
    const std::uint64_t size = varint();
    if (size > rest_.size()) return fail(), std::string_view();
    const auto text = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(text.size());
    return text;
  }
  Uuid uuid() {
    Uuid uuid;
    if (rest_.size() < uuid.bytes.size()) return fail(), uuid;
    std::memcpy(uuid.bytes.data(), rest_.data(), uuid.bytes.size());
    rest_.remove_prefix(uuid.bytes.size());
    return uuid;
  }
  /// Reads a number of elements, each of at least `bytes_each`; fails if that many cannot fit in the rest.
  std::size_t count(std::size_t bytes_each) {
    const std::uint64_t many = varint();
    if (many > rest_.size() / bytes_each) return fail();
    return static_cast<std::size_t>(many);
  }

 private:
  static std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::uint8_t fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace mm::matchmaker::recording
