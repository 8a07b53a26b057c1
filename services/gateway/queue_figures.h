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
#include "services/gateway/asking.h"

namespace mm::gateway {

class QueueFigures {
 public:
  using Then = std::function<void(Reply<std::string>)>;

  static constexpr Seconds kKept{2};
  /// The most tenants kept at once. For further tenants every call sends a request.
  static constexpr std::size_t kTenantsMost = 64;

  explicit QueueFigures(Shard& shard) : shard_(shard) {}

  /// Gets the body of GET /v1/queues for a tenant. Concurrent calls for one tenant share one request to matchmaker.
  void get(const Tenant& tenant, const Asker& asker, Then then);

 private:
  struct Kept {
    std::string body;
    SteadyPoint until{};
    std::vector<Then> waiting;  ///< callers that wait; not empty while a request is in progress
  };

  void make_room(SteadyPoint now);
  void arrived(const Tenant& tenant, Reply<std::string> body);

  Shard& shard_;
  std::map<Tenant, Kept> kept_;
};

}  // namespace mm::gateway
