// The names of the stack's processes, with one instance of each daemon.
#pragma once

#include <string>
#include <vector>

#include "common/testing/daemon_table.h"

namespace mm::e2e {

inline std::vector<std::string> daemon_processes() {
  std::vector<std::string> names;
  for (const auto& row : testing::daemon_table()) names.push_back(row.instances == "1" ? row.name : row.name + "-1");
  return names;
}

/// The daemons and the stores.
inline std::vector<std::string> all_processes() {
  auto names = daemon_processes();
  names.insert(names.end(), {"nats", "redis-queue", "redis-cache", "postgres"});
  return names;
}

}  // namespace mm::e2e
