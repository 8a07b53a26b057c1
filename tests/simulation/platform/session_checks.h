// Invariants of session's tables, checked after every transaction. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "tests/simulation/servers/servers.h"

namespace mm::simulation {

class SessionChecks {
 public:
  explicit SessionChecks(Servers& servers) : servers_(servers) {}

  /// Returns the invariant that does not hold, or an empty text.
  std::string after_transaction();

 private:
  void check_rows();

  Servers& servers_;
  std::map<MatchId, MatchStatus> seen_;
};

}  // namespace mm::simulation
