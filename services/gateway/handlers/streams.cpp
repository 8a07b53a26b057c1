#include "services/gateway/handlers/streams.h"

#include <algorithm>

#include "services/gateway/exchange/active_state.h"
#include "services/gateway/exchange/exchange.h"

namespace mm::gateway::streams {
namespace {

constexpr std::string_view kSubprotocol = "mm.v1.json";
constexpr std::string_view kTokenStart = "eyJ";  // `{"` in base64, the start of every JWT
constexpr std::size_t kHandshakeKeyBytes = 24;   // 16 bytes in base64

/// Returns the header field that accepts the subprotocol, no field if the client offers no subprotocol, or nullopt if
/// it offers only other subprotocols.
std::optional<HeaderFields> agreed_protocol(const HttpRequest& request) {
  std::string offered;
  for (const auto& [name, value] : request.headers) {
    if (name == "sec-websocket-protocol") offered += value + ",";
  }
  if (offered.empty()) return HeaderFields{};
  std::erase_if(offered, [](char c) { return c == ' ' || c == '\t'; });
  const auto wanted = std::string(kSubprotocol) + ",";
  const bool ours = offered.starts_with(wanted) || offered.find("," + wanted) != std::string::npos;
  if (!ours) return std::nullopt;
  return HeaderFields{{"Sec-WebSocket-Protocol", std::string(kSubprotocol)}};
}

/// Checks the requirements of a WebSocket handshake (RFC 6455, 4.2.1), before the request is admitted.
bool is_handshake(const HttpRequest& request) {
  const auto* version = request.header("sec-websocket-version");
  const auto* key = request.header("sec-websocket-key");
  return request.method == "GET" && request.upgrade && request.minor_version == 1 && version != nullptr &&
         *version == "13" && key != nullptr && key->size() == kHandshakeKeyBytes && key->ends_with("==");
}

/// URLs are stored in logs and browser histories, so a token in the query is refused with a clear detail.
bool has_token(const Exchange& x) {
  return std::any_of(x.parts.query.begin(), x.parts.query.end(), [](const auto& entry) {
    const auto& [name, value] = entry;
    return name.find("token") != std::string::npos || name.find("auth") != std::string::npos ||
           value.starts_with(kTokenStart);
  });
}

}  // namespace

void get_active(const ExchangePtr& x) {
  if (auto request = x->decode<NoFields>(); !request) return x->refuse(std::move(request).error());
  read_active_state(x->shard, x->context(), [x](Reply<ActiveState> state) {
    if (!state) return x->refuse(std::move(state).error());
    x->reply(wire::encode(*state));
  });
}

void open(const ExchangePtr& x) {
  if (has_token(*x))
    return x->refuse(refuse(Code::malformed_request, "a token must not be in the query of a URL").error);
  const auto query = wire::decode_http<OpenSocket>({.body = {}, .path = {}, .query = x->parts.query});
  if (!query) return x->refuse(query.error());
  if (!is_handshake(x->request))
    return x->refuse(refuse(Code::malformed_request, "open this as a WebSocket, version 13").error);
  auto protocol = agreed_protocol(x->request);
  if (!protocol) return x->refuse(refuse(Code::malformed_request, "the subprotocol must be mm.v1.json").error);
  SocketAdmission admission;
  admission.player = x->principal.player;
  admission.address = x->address;
  admission.resume = query->resume.value_or(0);
  x->headers.insert(x->headers.end(), protocol->begin(), protocol->end());
  if (x->parts.path.empty()) return x->admit(std::move(admission));

  admission.party = PartyId::parse(x->parts.path.front().second);
  // Without a token the membership is checked after the hello frame.
  if (!admission.player) return x->admit(std::move(admission));
  GetParty request;
  request.player_id = x->player().player;
  x->send_request(request, [x, admission = std::move(admission)](Reply<Party> party) mutable {
    if (!party && party.error().status() != 404) return x->refuse(std::move(party).error());
    const bool member = party && party->party_id == *admission.party;
    if (!member) return x->refuse(refuse(Code::not_member).error);
    x->admit(std::move(admission));
  });
}

}  // namespace mm::gateway::streams
