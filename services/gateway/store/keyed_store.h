// Stores answers by Idempotency-Key in the durable "queue" Redis. Only this class uses these Redis keys. One per loop.
//
// A record expires after 24 hours. The records of one owner use at most kMaxBytesPerOwner bytes; the oldest are removed
// first. While Redis uses more than kMaxMemoryShare of its memory, the oldest records of all owners are removed,
// because the queue needs the memory.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "services/gateway/net/async_redis.h"

namespace mm::gateway {

/// One attempt to do the work under a key.
struct KeyedAttempt {
  std::string record;   ///< id of the record: digest of route, owner and key
  std::string request;  ///< digest of the request
  std::string owner;    ///< owner of the byte limit: a player, or an address
  std::string id;       ///< id of this attempt
};

struct KeyedWork {
  enum class State { fresh, running, mismatch, done };
  State state = State::fresh;
  TimePoint created_at;         ///< if fresh: time of the first attempt
  Milliseconds running_for{0};  ///< if running: the longest time until the lease of the other attempt ends
  std::string answer;           ///< if done: the stored answer
};

class KeyedStore {
 public:
  using Started = std::function<void(storage::RedisResult<KeyedWork>)>;

  explicit KeyedStore(AsyncRedis& queue) : queue_(queue) {}

  /// Begins an attempt. `lease`: the longest time that the work may take. If Redis does not report whether the attempt
  /// began, `then` gets the error and the record is released.
  void start(const KeyedAttempt& attempt, TimePoint now, Milliseconds lease, Started then);
  /// Ends an attempt and stores its answer. Without an answer the record is released, so that the work can be retried.
  /// `then` is called within 1 s. If Redis has not confirmed by then, the write is retried for up to 60 s.
  void finish(const KeyedAttempt& attempt, TimePoint now, const std::optional<std::string>& answer,
              std::function<void()> then);

  void on_tick(SteadyPoint now);
  /// Removes the oldest records if more than kMaxMemoryShare of the memory of Redis is used.
  void make_room(const storage::RedisMemory& memory);

  static constexpr int kMaxBytesPerOwner = 64 * 1024;
  static constexpr double kMaxMemoryShare = 0.6;

 private:
  /// The end of an attempt that Redis has not confirmed; it is sent again.
  struct PendingFinish {
    storage::Arguments keys;
    storage::Arguments arguments;
    SteadyPoint retry_until;
  };
  static constexpr std::size_t kMaxPending = 256;

  void send_finish(PendingFinish finish, std::function<void()> then);
  void sweep();

  AsyncRedis& queue_;
  std::deque<PendingFinish> pending_;
  SteadyPoint retry_at_{};
};

}  // namespace mm::gateway
