// Readiness: a set of named conditions, each set by whoever knows. /readyz says 200 when all hold, else 503 with the
// names of those that do not. /livez only says that the process answers. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mm::runtime {

class Health {
 public:
  /// `name`: "nats", "redis_queue", "postgres", "draining", …
  void set(std::string_view name, bool holds);
  /// A condition asked for at each look, at most once a second; must answer within milliseconds and not block.
  void probe(std::string_view name, std::function<bool()> holds);

  bool ready() const;
  std::vector<std::string> failing() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, bool, std::less<>> conditions_;
  std::map<std::string, std::function<bool()>, std::less<>> probes_;
};

}  // namespace mm::runtime
