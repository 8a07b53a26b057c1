#include "services/leaderboard/cursor.h"

#include <algorithm>

#include "common/security/secrets.h"

namespace mm::leaderboard {
namespace {

/// Hexadecimal digits of the digest that are kept: 64 bits.
constexpr std::size_t kDigestLength = 16;
constexpr std::size_t kTimeBytes = 8;
/// The end of the year 9999, in milliseconds: the last time that can be formatted.
constexpr std::uint64_t kMaxTime = 253'402'300'799'999;
constexpr std::size_t kIdBytes = 16;

std::string digest(const std::string& request, std::string_view position) {
  return security::sha256_hex(request + "/" + std::string(position)).substr(0, kDigestLength);
}

std::string cursor_of(const std::string& request, const std::string& position) {
  return security::base64url_encode(position + digest(request, position));
}

std::optional<std::string> read_cursor(const std::string& request, std::size_t size, std::string_view text) {
  const auto bytes = security::base64url_decode(text);
  if (!bytes || bytes->size() != size + kDigestLength) return std::nullopt;
  auto position = bytes->substr(0, size);
  if (bytes->substr(size) != digest(request, position)) return std::nullopt;
  return position;
}

// Names contain no slash, so different requests have different texts.
std::string text_of(const BoardKey& key) {
  return "board/" + key.tenant.str() + "/" + key.season.str() + "/" + key.mode.str() + "/" +
         (key.region ? key.region->str() : "");
}

std::string text_of(const HistoryKey& key) {
  return "history/" + key.tenant.str() + "/" + key.player_id.to_string() + "/" + (key.mode ? key.mode->str() : "");
}

std::string bytes_of(std::uint64_t number) {
  std::string bytes(kTimeBytes, '\0');
  for (std::size_t i = 0; i < kTimeBytes; ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i) & 0xFF);
  return bytes;
}

std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

std::string board_cursor(const BoardKey& key, const Place& after) { return cursor_of(text_of(key), after); }

std::optional<Place> read_board_cursor(const BoardKey& key, std::string_view text) {
  return read_cursor(text_of(key), kPlaceBytes, text);
}

std::string history_cursor(const HistoryKey& key, const HistoryPlace& after) {
  const auto& id = after.match_id.uuid().bytes;
  const auto time = static_cast<std::uint64_t>(after.ended_at.time_since_epoch().count());
  return cursor_of(text_of(key), bytes_of(time) + std::string(id.begin(), id.end()));
}

std::optional<HistoryPlace> read_history_cursor(const HistoryKey& key, std::string_view text) {
  const auto bytes = read_cursor(text_of(key), kTimeBytes + kIdBytes, text);
  if (!bytes) return std::nullopt;
  const auto time = number_of(std::string_view(*bytes).substr(0, kTimeBytes));
  if (time > kMaxTime) return std::nullopt;
  Uuid id;
  std::transform(bytes->begin() + kTimeBytes, bytes->end(), id.bytes.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return HistoryPlace{TimePoint(Milliseconds(static_cast<std::int64_t>(time))), MatchId(id)};
}

}  // namespace mm::leaderboard
