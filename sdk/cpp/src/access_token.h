// What the client reads of its access token: who it is and when to renew it. The signature is the service's business.
#pragma once

#include <cstdint>
#include <string>

namespace matchmaker {

struct AccessToken {
  std::string text;
  std::string player_id;
  std::int64_t lifetime_seconds = 0;  ///< from issue to expiry, so that a wrong local clock does not matter
};

/// Fields stay empty where the text is no JWT.
AccessToken read_access_token(const std::string& text);

}  // namespace matchmaker
