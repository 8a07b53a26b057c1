// What the gateway keeps in Redis, and the only place that knows its keys, but for those of keyed_store.h. One Store per
// loop; every call returns at once and calls back on the loop.
//
// In the cache (may vanish): limits, ended logins until their access tokens expire, chosen home regions, presence.
// In the queue Redis (durable): families of refresh tokens.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/login_attempts.h"
#include "services/gateway/net/async_redis.h"

namespace mm::gateway {

/// Who is counted: one bucket of its own each.
struct LimitSubject {
  Tenant tenant;             ///< empty for addresses
  std::string kind;          ///< player, address, match
  std::string id;            ///< a UUID, or what stands for an address; hashed, so any text does
  std::string cost;          ///< read, write or credentials
};

struct Taken {
  Allowance allowance;
  bool denied = false;             ///< the login was ended
  std::optional<Region> home;      ///< chosen after the token was made
};

/// A family of refresh tokens: one login of one player.
struct Family {
  LoginId login;
  Tenant tenant;
  PlayerId player;
  std::string name;
  Region region;
  TimePoint expires_at;
};

enum class Rotation { unknown, expired, rotated, again, reused };

struct Rotated {
  Rotation verdict = Rotation::unknown;
  PlayerId player;
  std::string name;
  Region region;
  std::string current_digest;
};

struct HeldSocket {
  std::string name;        ///< instance/number
  TimePoint opened_at;
  LoginId login;
};

/// What the cache knew when it was told of the sockets that a gateway holds of a player.
struct Held {
  int before = 0;                    ///< sockets open on all gateways
  std::vector<bool> denied;          ///< for each socket: its login was ended
  std::vector<std::string> evicted;  ///< the player's oldest sockets beyond the limit
};

class Store {
 public:
  template <class T>
  using Then = std::function<void(storage::RedisResult<T>)>;

  Store(AsyncRedis& cache, AsyncRedis& queue) : cache_(cache), queue_(queue) {}

  // Limits (cache).
  void take(const LimitSubject& subject, Quota quota, const std::optional<LoginId>& login,
            const std::optional<PlayerId>& player, Then<Taken> then);
  /// The same look at the login and home region, without a limit.
  void look(const Tenant& tenant, LoginId login, PlayerId player, Then<Taken> then);
  /// Attempts to log in count only if they fail (login_attempts.h). `lease`: after which a reservation is given up.
  void reserve_login(const LoginTry& attempt, Milliseconds lease, Then<AttemptVerdict> then);
  void settle_login(const LoginTry& attempt, bool failed);

  // Ended logins and home regions (cache).
  void deny(const Tenant& tenant, LoginId login, Milliseconds how_long, Then<Done> then);
  void set_home(const Tenant& tenant, PlayerId player, const Region& region, Milliseconds how_long);
  void get_home(const Tenant& tenant, PlayerId player, Then<std::optional<Region>> then);

  // Refresh tokens (queue).
  void start_family(const Family& family, const std::string& digest, TimePoint now, Then<Done> then);
  void rotate(const Tenant& tenant, LoginId login, const std::string& digest, const std::string& child_digest,
              std::uint32_t child_generation, TimePoint now, Then<Rotated> then);
  /// False: another player's.
  void end_family(const Tenant& tenant, LoginId login, PlayerId player, Then<bool> then);

  // Presence (cache).
  void hold(const Tenant& tenant, PlayerId player, const std::string& instance, const std::vector<HeldSocket>& sockets,
            Then<Held> then);
  void leave(const Tenant& tenant, PlayerId player, const std::string& instance, const std::string& socket, Then<int> then);
  void last_seq(const Tenant& tenant, PlayerId player, Then<std::int64_t> then);

  static constexpr int kSocketsPerPlayer = 5;
  static constexpr Milliseconds kPresenceExpiry{45'000};
  static constexpr Milliseconds kRefreshGrace{10'000};

 private:
  AsyncRedis& cache_;
  AsyncRedis& queue_;
};

}  // namespace mm::gateway
