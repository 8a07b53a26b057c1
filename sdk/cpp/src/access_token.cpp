#include "src/access_token.h"

#include <cpprest/asyncrt_utils.h>

#include "src/json.h"

namespace matchmaker {

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
  const auto claims = Json::parse(std::string(bytes.begin(), bytes.end()));
  if (!claims) return token;
  token.player_id = claims->text("sub");
  token.lifetime_seconds = claims->integer("exp") - claims->integer("iat");
  return token;
}

}  // namespace matchmaker
