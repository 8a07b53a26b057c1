// A cache of the public queue figures (GET /v1/queues). Each shard keeps the answer of matchmaker for two seconds per
// tenant, so a gateway with four threads sends matchmaker at most two requests a second per tenant, unless requests
// fail. Used only on the loop of its shard.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"

namespace mm::gateway {

class QueueFigures {
 public:
  using Then = std::function<void(Reply<std::string>)>;

  static constexpr Seconds kLifetime{2};
  /// The most tenants kept at once. For further tenants every call sends a request.
  static constexpr std::size_t kMaxTenants = 64;

  explicit QueueFigures(const Clock& clock) : clock_(clock) {}

  /// Gets the body of GET /v1/queues for a tenant. `fetch` requests it from matchmaker; it is called only if no recent
  /// body is kept. Concurrent calls for one tenant share one request.
  void get(const Tenant& tenant, const std::function<void(Then)>& fetch, Then then);
  /// Drops all waiting callers without calling them. For the shutdown.
  void drop_all() { kept_.clear(); }

 private:
  struct Kept {
    std::string body;
    SteadyPoint until{};
    std::vector<Then> waiting;  ///< callers that wait; not empty while a request is in progress
  };

  void make_room(SteadyPoint now);
  void arrived(const Tenant& tenant, Reply<std::string> body);

  const Clock& clock_;
  std::map<Tenant, Kept> kept_;
};

}  // namespace mm::gateway
