// What is kept under an Idempotency-Key, in the durable Redis, and the only place that knows its keys. One per loop.
//
// A record lives a day, an owner's records have at most kBytesPerOwner (the oldest go first), and all of them together give
// way to the queue: while Redis uses more than kMemoryShare of its memory, the oldest go whoever they belong to.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "services/gateway/net/async_redis.h"

namespace mm::gateway {

/// One try of the work under a key.
struct KeyedAttempt {
  std::string record;   ///< digest of whose key it is, and for what
  std::string request;  ///< digest of the request
  std::string owner;    ///< who has the quota: a player, or an address
  std::string id;       ///< of this try
};

struct KeyedWork {
  enum class State { fresh, running, mismatch, done };
  State state = State::fresh;
  TimePoint created_at;         ///< of the first try, when fresh
  Milliseconds running_for{0};  ///< at most, when running
  std::string answer;           ///< when done
};

class KeyedStore {
 public:
  using Started = std::function<void(storage::RedisResult<KeyedWork>)>;

  explicit KeyedStore(AsyncRedis& queue) : queue_(queue) {}

  /// `lease`: how long the work may take. When the outcome of a start is not known, the record is given up again.
  void start(const KeyedAttempt& attempt, TimePoint now, Milliseconds lease, Started then);
  /// Without an answer the work may be tried again. `then` is called within the patience for Redis; an answer that was not
  /// taken by then is offered again.
  void finish(const KeyedAttempt& attempt, TimePoint now, const std::optional<std::string>& answer, std::function<void()> then);

  /// `sweeps`: of all loops of a process, one looks after the memory.
  void on_tick(SteadyPoint now, bool sweeps);

  static constexpr int kBytesPerOwner = 64 * 1024;
  static constexpr double kMemoryShare = 0.6;

 private:
  struct Unkept {
    storage::Arguments keys;
    storage::Arguments arguments;
    SteadyPoint give_up_at;
  };
  static constexpr std::size_t kUnkeptMost = 256;

  void offer(Unkept finish, std::function<void()> then);
  void look_at_memory();
  void sweep();

  AsyncRedis& queue_;
  std::deque<Unkept> unkept_;
  SteadyPoint offer_at_{};
  SteadyPoint look_at_{};
};

}  // namespace mm::gateway
