// Redis: commands, pipelines and scripts with deadlines, over a small pool of connections. Only this component uses
// hiredis. Thread-safe. A connection that failed or timed out is closed and never reused. No command is retried
// automatically. While the server is away, calls fail immediately between attempts to connect (50 to 500 ms apart).
//
// Scripts are .lua files that are embedded at build time (mm_embed_lua in ops/cmake/). A connection sends a script's
// source the first time and afterwards only its hash.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/contracts/problem.h"
#include "common/storage/memory_gate.h"

namespace mm::storage {

struct RedisReply {
  enum class Kind { nil, status, integer, text, array, error };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;               ///< for status, text and error
  std::vector<RedisReply> items;  ///< for array

  bool is_nil() const { return kind == Kind::nil; }
};

/// The reason why there is no reply. `refused`: the server answered with an error (text). Otherwise the server is away
/// and the outcome is unknown.
struct RedisError {
  bool refused = false;
  std::string text;  ///< for the log, never for a client
};

/// The refusal for an error that a handler does not treat itself: unavailable.
Problem to_problem(const RedisError& error);

template <class T>
using RedisResult = Result<T, RedisError>;

/// A Lua script: name for metrics, source, and its SHA-1 in hex. Name and source must live as long as the program.
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

/// One command of a pipeline: a plain command (name and arguments), or a script with its keys and arguments.
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
  std::function<void(bool)> breaker_changed{};  ///< whether calls fail immediately; must not block
};

/// A script that changes nothing, and that Redis refuses exactly when it refuses writes (READONLY, MISCONF, OOM, …). It
/// needs no key.
extern const Script kWriteProbe;

/// What the server says about itself.
struct RedisState {
  std::string flaw;  ///< why it does not take writes, as a phrase for an operator; empty: it takes them
  std::optional<RedisMemory> memory;
};

/// Whether RedisOptions::url can be used. The error does not contain the URL, because it might include a password.
Result<Done, std::string> check_redis_url(const std::string& url);

class Redis {
 public:
  explicit Redis(RedisOptions options);
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  /// An error reply of the server becomes a RedisError with refused = true.
  RedisResult<RedisReply> command(Arguments arguments, Deadline deadline);
  RedisResult<RedisReply> eval(const Script& script, Arguments keys, Arguments arguments, Deadline deadline);

  /// Runs all commands in one round trip and in order. Returns one reply each, in order. Error replies are returned as
  /// Kind::error.
  RedisResult<std::vector<RedisReply>> pipeline(const std::vector<RedisCommand>& commands, Deadline deadline);

  /// Asks the server for its state, in one round trip. A server that does not answer has no flaw while other exchanges
  /// succeed, because all connections may be in use.
  RedisState state(Deadline deadline);
  /// From now on a server that could lose acknowledged writes has a flaw (`weakness`).
  void require_durability();

  /// The setting of the server that could lose acknowledged writes (appendonly, appendfsync, maxmemory-policy), in
  /// words; empty if there is none. For the queue instance.
  RedisResult<std::string> weakness(Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::storage
