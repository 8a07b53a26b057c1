// The public figures of the queues, kept for two seconds: however many ask, matchmaker is asked twice a second at most
// by a gateway of four threads. Used on the loop of its shard only.
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
  /// Of tenants kept at once; those over it are asked for each time.
  static constexpr std::size_t kTenantsMost = 64;

  explicit QueueFigures(Shard& shard) : shard_(shard) {}

  /// The body of GET /v1/queues for a tenant. Questions of one tenant that meet are answered together.
  void get(const Tenant& tenant, const Asker& asker, Then then);

 private:
  struct Kept {
    std::string body;
    SteadyPoint until{};
    std::vector<Then> waiting;  ///< not empty: an answer is under way
  };

  void make_room(SteadyPoint now);
  void arrived(const Tenant& tenant, Reply<std::string> body);

  Shard& shard_;
  std::map<Tenant, Kept> kept_;
};

}  // namespace mm::gateway
