// A simulated Redis server: commands, and the platform's real Lua scripts in an interpreter of Lua 5.1, as Redis has.
// A script runs as a whole, like in Redis, and its error reply does not undo what it wrote. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "tests/simulation/servers/redis_keyspace.h"

struct lua_State;

namespace mm::simulation {

class RedisServer {
 public:
  /// `wall`: microseconds since 1970.
  explicit RedisServer(std::function<std::int64_t()> wall);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  storage::RedisReply execute(const storage::RedisCommand& command);
  const RedisKeyspace& keyspace() const { return keyspace_; }
  /// Loses everything.
  void clear() { keyspace_.clear(); }
  /// Has these values and no others from now on.
  void load(std::map<std::string, Value> values) { keyspace_.load(std::move(values)); }
  void start_again() { keyspace_.start_again(); }

 private:
  storage::RedisReply eval(const storage::RedisCommand& command);
  static int call(lua_State* lua);
  static int protected_call(lua_State* lua);
  bool call_from_lua();

  RedisKeyspace keyspace_;
  lua_State* lua_;
  std::map<const storage::Script*, int> compiled_;  // references of Lua functions
  // Of the command that a script calls. Members, because Lua's errors skip destructors.
  storage::Arguments arguments_;
  storage::RedisReply reply_;
};

}  // namespace mm::simulation
