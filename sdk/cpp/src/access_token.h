// Reads the player id and the lifetime from an access token. The client does not check the signature; the service does.
#pragma once

#include <cstdint>
#include <string>

namespace matchmaker {

struct AccessToken {
  std::string text = {};
  std::string player_id = {};
  std::int64_t issued_at_seconds = 0;  ///< seconds since 1970 by the clock of the service
  std::int64_t lifetime_seconds = 0;   ///< from issue to expiry, independent of the local clock
};

/// If the text is not a JWT, all fields except `text` keep their defaults.
AccessToken read_access_token(const std::string& text);

/// Formats seconds since 1970 as "2026-01-31T12:00:00", which sorts correctly among the time texts of the service.
/// Returns an empty text for 0, negative numbers and times after the year 9999.
std::string utc_text(std::int64_t seconds);

}  // namespace matchmaker
