// Constants of the recording file format, shared by writer and reader; README.md describes the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mm::matchmaker::recording {

inline constexpr std::string_view kMagic = "MMRECORD";
inline constexpr std::uint32_t kVersion = 1;

enum class Block : std::uint8_t { head = 1, events = 2, end = 3 };

/// Block header: u32 stored bytes, u32 CRC-32C of all that follows, u8 kind, u32 raw bytes. The stored bytes follow.
inline constexpr std::size_t kBlockHead = 13;
inline constexpr std::size_t kFileHead = kMagic.size() + 4;
/// Larger sizes are treated as damage.
inline constexpr std::size_t kMaxRawBytes = 256 * 1024 * 1024;
inline constexpr std::size_t kMaxStoredBytes = kMaxRawBytes + 4 * 1024 * 1024;

}  // namespace mm::matchmaker::recording
