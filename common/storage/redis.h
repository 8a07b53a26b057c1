// Redis: commands, pipelines and scripts with deadlines, over a small pool of connections. hiredis lives behind this
// header. Thread-safe. A connection that failed or timed out is thrown away, never reused. Nothing is sent twice behind
// the caller's back. While the server is away, calls fail at once between attempts to connect (50 to 500 ms apart).
//
// Scripts are .lua files, embedded at build time (mm_embed_lua in ops/cmake/). A connection sends a script's source
// the first time and its hash from then on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/contracts/problem.h"

namespace mm::storage {

struct RedisReply {
  enum class Kind { nil, status, integer, text, array, error };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;               ///< of status, text and error
  std::vector<RedisReply> items;  ///< of array

  bool is_nil() const { return kind == Kind::nil; }
};

/// Why there is no reply. `refused`: the server answered with an error (text); otherwise it is away and the outcome
/// unknown.
struct RedisError {
  bool refused = false;
  std::string text;  ///< for the log, never for a client
};

/// The refusal a client gets for an error that no handler explains: unavailable.
Problem to_problem(const RedisError& error);

template <class T>
using RedisResult = Result<T, RedisError>;

/// A Lua script: name for metrics, source, and its SHA-1 in hex. Both texts live as long as the program.
class Script {
 public:
  Script(std::string_view name, std::string_view source);
  std::string_view name() const { return name_; }
  std::string_view source() const { return source_; }
  const std::string& sha1() const { return sha1_; }

 private:
  std::string_view name_;
  std::string_view source_;
  std::string sha1_;
};

using Arguments = std::vector<std::string>;

/// One command of a pipeline: a plain one (name and arguments), or a script with its keys.
struct RedisCommand {
  Arguments arguments;
  const Script* script = nullptr;
  Arguments keys;
};

struct RedisOptions {
  std::string url = "redis://127.0.0.1:6379";  ///< redis://[user@]host:port[/db], no password
  std::string password;
  int connections = 4;
  Milliseconds connect_timeout{1'000};
};

class Redis {
 public:
  explicit Redis(RedisOptions options);
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  /// An error reply of the server is a RedisError with refused = true.
  RedisResult<RedisReply> command(Arguments arguments, Deadline deadline);
  RedisResult<RedisReply> eval(const Script& script, Arguments keys, Arguments arguments, Deadline deadline);

  /// All commands in one round trip; one reply each, executed and answered in order (error replies stand in place as
  /// Kind::error).
  RedisResult<std::vector<RedisReply>> pipeline(const std::vector<RedisCommand>& commands, Deadline deadline);

  /// The last exchange succeeded within the last second, or a PING now does. For readiness; never blocks for more than
  /// 100 ms.
  bool reachable();

  /// Refuses stores that would lose what they acknowledged (appendonly, appendfsync, maxmemory-policy), unless
  /// `allow_weak`. For the queue instance. Waits until the deadline for a server that is not up yet.
  Result<Done, std::string> require_durable(bool allow_weak, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::storage
