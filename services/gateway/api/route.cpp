#include "services/gateway/api/route.h"

#include "common/base/result.h"

namespace mm::gateway {
namespace {

constexpr Quota kReads{100, Seconds{60}};
constexpr Quota kWrites{30, Seconds{60}};
// A game server sends 12 heartbeats a minute, so this limit only stops a faulty one.
constexpr Quota kServers{600, Seconds{60}};
// Ten logins a second: more than one machine can hash passwords for.
constexpr Quota kCredentials{600, Seconds{60}};

}  // namespace

Quota quota_of(Cost cost) {
  switch (cost) {
    case Cost::write: return kWrites;
    case Cost::server: return kServers;
    case Cost::credentials: return kCredentials;
    case Cost::free:
    case Cost::read: break;
  }
  return kReads;
}

const Route& route_named(Routes routes, std::string_view method, std::string_view path) {
  for (const auto& route : routes) {
    if (route.method == method && route.path == path) return route;
  }
  check(false, "route_named: the route is not in the table");
  return routes[0];
}

}  // namespace mm::gateway
