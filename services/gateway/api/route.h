// One route of the API: its permitted callers, rate limit class, handler and messages. The table of routes is in
// handlers/routes.cpp. Request admission, limits, metrics, WebSocket commands and the OpenAPI document all use it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/work.h"
#include "common/wire/schema.h"
#include "services/gateway/core/token_bucket.h"

namespace mm::gateway {

class Exchange;
using ExchangePtr = std::shared_ptr<Exchange>;  // owners: the callbacks that will answer the request

/// The callers that may use a route.
enum class Audience { anyone, player, server, admin };

/// The rate limit class of a route. free: no limit (health checks). server: the wider limit of game servers.
/// credentials: login and refresh, with a limit of their own per address, so that other requests from the address
/// cannot block logins; failed logins are limited in addition (logins/login_attempts.h).
enum class Cost { free, read, write, server, credentials };

/// The rate limit of routes with this cost.
Quota quota_of(Cost cost);

/// The schemas of a route's messages, for the OpenAPI document.
struct Messages {
  std::vector<wire::Property> request;
  std::string answer;  ///< JSON schema as text; empty if the answer has no body
};

struct Endpoint {
  void (*handle)(const ExchangePtr&);
  Messages (*messages)(wire::Schemas&);
  Work work;  ///< class of the request (common/contracts/work.h)
};

/// The role that the caller must have in the party of the request.
enum class PartyRole { none, member, leader };

struct Rules {
  bool keyed = false;             ///< accepts an Idempotency-Key
  std::string_view needs = "";    ///< a field of the message that is optional in general and required on this route
  std::string_view without = "";  ///< a field of the message that is unknown on this route
  PartyRole party_role = PartyRole::none;
  std::string_view media = "";  ///< the answer is a file of this type; a conditional request may be answered with 304
};

struct Route {
  std::string_view method;
  std::string_view path;
  Audience audience;
  Cost cost;
  int status;  ///< status of a successful answer
  Endpoint endpoint;
  std::string_view area;  ///< heading in the OpenAPI document
  std::string_view summary;
  std::string_view errors = "";  ///< error codes in addition to the common ones, separated by spaces, for the document
  Rules rules = {};
};

using Routes = std::span<const Route>;

/// The class of the requests to a route. Health checks are refused last.
inline Work work_of(const Route& route) { return route.cost == Cost::free ? Work::finish : route.endpoint.work; }

/// The route with this method and path pattern. It must exist: the process aborts otherwise.
const Route& route_named(Routes routes, std::string_view method, std::string_view path);

}  // namespace mm::gateway
