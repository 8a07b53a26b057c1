// The values and commands of a simulated Redis: only those that the platform uses, with the replies of Redis 7. Any
// other command throws. Sets and hashes are ordered by member, where Redis has no fixed order. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "common/storage/redis.h"

namespace mm::simulation {

using Hash = std::map<std::string, std::string>;
using Set = std::set<std::string>;
using List = std::deque<std::string>;
struct SortedSet {
  std::map<std::string, double> scores;
  std::set<std::pair<double, std::string>> order;
};
using Value = std::variant<std::string, Hash, Set, List, SortedSet>;

class RedisKeyspace {
 public:
  /// `wall`: microseconds since 1970, for TIME.
  explicit RedisKeyspace(std::function<std::int64_t()> wall) : wall_(std::move(wall)) {}

  /// Throws std::logic_error for an unknown command.
  storage::RedisReply run(const storage::Arguments& command);
  void clear() { values_.clear(); }
  void load(std::map<std::string, Value> values) { values_ = std::move(values); }
  /// The process of redis-server is another one from now on (`run_id`); the values stay.
  void start_again() { ++run_; }
  std::string run_id() const;

  /// For checks. Returns nullptr or an empty value if the key does not exist.
  template <class T>
  const T* find(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : std::get_if<T>(&found->second);
  }
  const std::map<std::string, Value>& values() const { return values_; }

 private:
  friend struct RedisCommands;
  const std::function<std::int64_t()> wall_;
  std::map<std::string, Value> values_;
  std::uint64_t run_ = 1;
};

/// A number as Redis writes a score.
std::string score_text(double score);

}  // namespace mm::simulation
