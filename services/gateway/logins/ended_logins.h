// Reads the durable list of ended logins (store/store.h), which is complete whatever happens to the cache and to
// events: all of it before the gateway serves its first request, and then what was added, twice a second. So an access
// token of an ended login is accepted for half a second at most, also after a loss of the cache, of the bus or of this
// process. Usually the event `gateway.bye` or the denial in the cache comes first.
#pragma once

#include <string>

#include "services/gateway/logins/endings.h"
#include "services/gateway/store/store.h"

namespace mm::gateway {

class EndedLoginsReader {
 public:
  explicit EndedLoginsReader(Endings& endings) : endings_(endings) {}

  /// Reads the whole list. Blocks; for the start.
  Result<Done, std::string> load(storage::Redis& queue, Deadline deadline);
  /// Must be called on one loop only, whose store is `store`. `this` must live until the store's handlers are dropped.
  void on_tick(Store& store, SteadyPoint now);

 private:
  void apply(const EndedLogins& ended);

  Endings& endings_;
  std::string position_{Store::kFirstPosition};
  SteadyPoint due_{};
  bool reading_ = false;
};

}  // namespace mm::gateway
