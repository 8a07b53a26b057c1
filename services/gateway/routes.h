// The gateway is a table: each route says who may, what it costs, which handler answers and which messages go in and
// out. Handlers, permissions, limits and the published OpenAPI document all read it.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/schema.h"

namespace mm::gateway {

class Exchange;
using ExchangePtr = std::shared_ptr<Exchange>;  // owners: whoever will answer it

enum class Who { anyone, player, server, admin };

/// free: not limited (health). server: game servers have their own, wider limit. credentials: logins, which what else
/// comes from an address must not keep out, and which are limited by their failures.
enum class Cost { free, read, write, server, credentials };

/// The messages of a route, for the published document.
struct Messages {
  std::vector<wire::Property> request;
  std::string answer;  ///< schema, JSON text; empty: no body
};

struct Endpoint {
  void (*handle)(const ExchangePtr&);
  Messages (*messages)(wire::Schemas&);
};

/// What one must be in the party that a request is about.
enum class Seat { none, member, leader };

struct Rules {
  bool keyed = false;             ///< takes an Idempotency-Key
  std::string_view needs = "";    ///< a field of the message that is optional elsewhere and required here
  std::string_view without = "";  ///< a field of the message that is not known here
  Seat seat = Seat::none;
  std::string_view media = "";    ///< the answer is a file of this type: it may be 304 to a conditional request
};

struct Route {
  std::string_view method;
  std::string_view path;
  Who who;
  Cost cost;
  int status;  ///< of success
  Endpoint endpoint;
  std::string_view area;         ///< heading in the document
  std::string_view summary;
  std::string_view errors = "";  ///< codes beside the common ones, space-separated: for the document
  Rules rules = {};
};

std::span<const Route> routes();

/// The route of that method and pattern; it must exist.
const Route& route_named(std::string_view method, std::string_view path);

}  // namespace mm::gateway
