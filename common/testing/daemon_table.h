// The daemons of the stack, for tests that go through all of them: the rows of deployments/daemons.table.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace mm::testing {

struct DaemonRow {
  std::string name;
  std::string instances;      ///< "1", or a setting: then the processes are name-1, name-2, …
  std::set<std::string> has;  ///< servers in which the daemon is a user, and its secrets
};

/// In the order in which the daemons are started. Throws std::runtime_error if the file is missing.
inline std::vector<DaemonRow> daemon_table() {
  const char* root = std::getenv("MM_TEST_SOURCE_DIR");
  std::ifstream file(std::string(root == nullptr ? "." : root) + "/deployments/daemons.table");
  std::vector<DaemonRow> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    auto& row = rows.emplace_back();
    int port = 0;
    words >> row.name >> row.instances >> port;
    row.has.insert(std::istream_iterator<std::string>(words), {});
  }
  if (rows.empty()) throw std::runtime_error("deployments/daemons.table has no rows");
  return rows;
}

/// The daemons that are users of a server ("nats", "redis_queue", "redis_cache" or "postgres") or have a secret.
inline std::vector<std::string> daemons_with(const std::string& word) {
  std::vector<std::string> names;
  for (const auto& row : daemon_table()) {
    if (row.has.contains(word)) names.push_back(row.name);
  }
  return names;
}

}  // namespace mm::testing
