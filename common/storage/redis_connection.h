// One connection to Redis whose every step ends by a deadline, also against a server that drips its answer. Private to
// common/storage: hiredis reads the replies, nothing else of it is used.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/storage/redis.h"

namespace mm::storage {

struct RedisAddress {
  std::string user;
  std::string host;
  int port = 6379;
  int database = 0;

  /// redis://[user@]host:port[/db]; the error does not repeat the text, which may hold a password by mistake.
  static Result<RedisAddress, std::string> parse(std::string_view url);
};

/// Appends one command in the wire format.
void append_command(std::string& request, const Arguments& arguments);

class RedisConnection {
 public:
  /// A connection in the making: it connects and logs in.
  class Attempt {
   public:
    Attempt(std::unique_ptr<RedisConnection> connection, const RedisAddress& address, const std::string& password);
    /// nullptr: the server has not answered by the deadline. It may still do so: call again.
    Result<std::unique_ptr<RedisConnection>, std::string> finish(Deadline deadline);

   private:
    std::unique_ptr<RedisConnection> connection_;
    bool reached_ = false;
    Deadline reached_by_;
    std::string request_;
    std::string_view unsent_;  // of request_
    std::size_t wanted_ = 0;
    std::vector<RedisReply> replies_;
  };

  static Result<std::unique_ptr<Attempt>, std::string> start(const RedisAddress& address, const std::string& password);

  /// Sends the request and reads that many replies. After an error the connection is of no more use.
  RedisResult<std::vector<RedisReply>> exchange(std::string_view request, std::size_t replies, Deadline deadline);

  /// While nobody uses it: the server has not closed it (nor said anything).
  bool is_quiet() const;

  /// Hashes of the scripts this server has got over this connection.
  std::unordered_set<std::string>& known_scripts() { return known_scripts_; }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, Free>;

  explicit RedisConnection(Context context) : context_(std::move(context)) {}
  /// Waits for one of `events`; false when the deadline passed.
  bool wait(short events, Deadline deadline) const;
  /// Writes and reads until there are that many replies; false when the deadline passed.
  Result<bool, RedisError> advance(std::string_view& unsent, std::size_t wanted, std::vector<RedisReply>& replies,
                                   Deadline deadline);
  Result<Done, RedisError> send_some(std::string_view& request);
  Result<Done, RedisError> take_replies(std::vector<RedisReply>& replies, std::size_t wanted);

  Context context_;
  std::unordered_set<std::string> known_scripts_;
};

}  // namespace mm::storage
