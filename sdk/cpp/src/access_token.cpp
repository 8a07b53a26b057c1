#include "src/access_token.h"

#include <cpprest/asyncrt_utils.h>

#include <algorithm>
#include <vector>

#include "src/read.h"

namespace matchmaker {
namespace {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // the last second of the year 9999

}  // namespace

AccessToken read_access_token(const std::string& text) {
  AccessToken token;
  token.text = text;
  const auto first = text.find('.');
  const auto second = first == std::string::npos ? first : text.find('.', first + 1);
  if (second == std::string::npos) return token;
  auto payload = text.substr(first + 1, second - first - 1);
  for (auto& c : payload) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  payload.append((4 - payload.size() % 4) % 4, '=');
  std::vector<unsigned char> bytes;
  try {
    bytes = utility::conversions::from_base64(payload);
  } catch (const std::exception&) {
    return token;
  }
  const auto claims = parse_message(std::string(bytes.begin(), bytes.end()));
  if (!claims) return token;
  token.player_id = text_of(*claims, "sub");
  token.issued_at_seconds = std::min(std::max(read_member<std::int64_t>(*claims, "iat"), std::int64_t{0}), kLastSecond);
  const auto expires = std::min(std::max(read_member<std::int64_t>(*claims, "exp"), std::int64_t{0}), kLastSecond);
  token.lifetime_seconds = expires - token.issued_at_seconds;
  return token;
}

std::string utc_text(std::int64_t seconds) {
  if (seconds <= 0 || seconds > kLastSecond) return {};
  // Converts days to a date. Source: H. Hinnant, "chrono-compatible low-level date algorithms" (civil_from_days).
  const std::int64_t days = seconds / 86'400 + 719'468;
  const std::int64_t era = days / 146'097;
  const std::int64_t day_of_era = days % 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const auto rest = seconds % 86'400;
  const auto padded = [](std::int64_t number, std::size_t digits) {
    auto text = std::to_string(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
  };
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T" + padded(rest / 3'600, 2) + ":" +
         padded(rest / 60 % 60, 2) + ":" + padded(rest % 60, 2);
}

}  // namespace matchmaker
