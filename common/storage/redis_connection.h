// RedisConnection: a connection to Redis on which every operation ends by its deadline, even if the server sends its
// answer byte by byte. Private to common/storage. Of hiredis, only the connecting and the reply parser are used.
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

  /// redis://[user@]host:port[/db]. The error does not contain the text, because it might include a password.
  static Result<RedisAddress, std::string> parse(std::string_view url);
};

/// Appends one command in the wire format.
void append_command(std::string& request, const Arguments& arguments);

class RedisConnection {
 public:
  /// A connection that is being opened: connects and logs in.
  class Attempt {
   public:
    Attempt(std::unique_ptr<RedisConnection> connection, const RedisAddress& address, const std::string& password);
    /// Returns nullptr if the server has not answered by the deadline. The call may then be repeated.
    Result<std::unique_ptr<RedisConnection>, std::string> finish(Deadline deadline);

   private:
    std::unique_ptr<RedisConnection> connection_;
    bool reached_ = false;
    Deadline reached_by_;
    std::string request_;
    std::string_view unsent_;  // points into request_
    std::size_t wanted_ = 0;
    std::vector<RedisReply> replies_;
  };

  static Result<std::unique_ptr<Attempt>, std::string> start(const RedisAddress& address, const std::string& password);

  /// Sends the request and reads this many replies. After an error the connection must not be used again.
  RedisResult<std::vector<RedisReply>> exchange(std::string_view request, std::size_t replies, Deadline deadline);

  /// For an idle connection: whether the server has neither closed it nor sent anything.
  bool is_quiet() const;

  /// Hashes of the scripts that were sent to the server on this connection.
  std::unordered_set<std::string>& known_scripts() { return known_scripts_; }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, Free>;

  explicit RedisConnection(Context context) : context_(std::move(context)) {}
  /// Waits for one of `events`. Returns false if the deadline passed.
  bool wait(short events, Deadline deadline) const;
  /// Writes and reads until there are `wanted` replies. Returns false if the deadline passed.
  Result<bool, RedisError> advance(std::string_view& unsent, std::size_t wanted, std::vector<RedisReply>& replies,
                                   Deadline deadline);
  Result<Done, RedisError> send_some(std::string_view& request);
  Result<Done, RedisError> take_replies(std::vector<RedisReply>& replies, std::size_t wanted);

  Context context_;
  std::unordered_set<std::string> known_scripts_;
};

}  // namespace mm::storage
