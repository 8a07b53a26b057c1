// What the client reads of its access token: who it is and when to renew it. The signature is the service's business.
#pragma once

#include <cstdint>
#include <string>

namespace matchmaker {

struct AccessToken {
  std::string text = {};
  std::string player_id = {};
  std::int64_t issued_at_seconds = 0;  ///< since 1970, by the service's clock
  std::int64_t lifetime_seconds = 0;   ///< from issue to expiry, so that a wrong local clock does not matter
};

/// Fields stay empty where the text is no JWT.
AccessToken read_access_token(const std::string& text);

/// "2026-01-31T12:00:00", which sorts with the service's times; empty for 0 and for what no calendar has.
std::string utc_text(std::int64_t seconds);

}  // namespace matchmaker
