// An asynchronous Redis client with one connection per loop, on which all commands are pipelined. All methods must be
// called, and all handlers run, on the loop's thread, unless stated otherwise.
//
// While the server is unavailable, commands fail at once, and the client reconnects with a back-off of 50 to 500 ms. If
// a reply does not arrive within `stall_timeout`, the connection is dropped, because replies are in order and all later
// commands would wait too. The outcome of a failed command is unknown: the server may have executed it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/storage/redis.h"
#include "services/gateway/net/loop.h"

namespace mm::gateway {

struct RedisTarget {
  std::string address;  ///< numeric address; names are resolved once, at the start
  int port = 6379;
  std::string user;
  std::string password;
  int database = 0;
  std::function<void(bool)> breaker_changed{};  ///< called when commands begin to fail at once (true), and no longer do
};

/// Parses redis://[user@]host[:port][/db] and resolves the host. Blocks, so it may be used only at the start.
Result<RedisTarget, std::string> resolve_redis(std::string_view url, std::string password);

class AsyncRedis {
 public:
  using Handler = std::function<void(storage::RedisResult<storage::RedisReply>)>;

  AsyncRedis(Loop& loop, RedisTarget target, std::string name, Milliseconds stall_timeout);
  ~AsyncRedis();
  AsyncRedis(const AsyncRedis&) = delete;
  AsyncRedis& operator=(const AsyncRedis&) = delete;

  /// Sends a command. `handler` is called exactly once, within `timeout` plus one tick, unless `close` is called
  /// before.
  void command(storage::Arguments arguments, Milliseconds timeout, Handler handler);
  void eval(const storage::Script& script, const storage::Arguments& keys, const storage::Arguments& arguments,
            Milliseconds timeout, Handler handler);

  /// Whether the connection is usable. Thread-safe.
  bool connected() const;
  /// How often a connection became usable. After a change, the server may have lost its data.
  std::uint64_t connections() const;

  /// To be called at every tick of the loop: connects, and fails commands after their time.
  void tick(SteadyPoint now);

  /// Closes the connection and destroys pending handlers without calling them. Must be called after the loop has
  /// stopped and before Loop::drop_all.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::gateway
