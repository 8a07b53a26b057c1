// The data of the gateway in Redis. Only this class uses these Redis keys; KeyedStore has its own. One Store per
// loop. Every call returns at once; its callback runs on the loop.
//
// In the "cache" Redis (data may be lost): limits, ended logins until their access tokens expire, changed home regions,
// presence, frames. In the "queue" Redis (durable): families of refresh tokens, and the list of ended logins.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/storage/redis.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/net/async_redis.h"

namespace mm::gateway {

inline constexpr Quota kLoginFailuresPerAccount{5, Seconds{60}};
inline constexpr Quota kLoginFailuresPerAddress{50, Seconds{60}};

/// One attempt to log in to an account from an address.
struct LoginAttempt {
  std::string id;  ///< unique per attempt
  std::string address;
  std::string account;
};

/// The subject of a rate limit. Each subject has its own token bucket.
struct LimitSubject {
  Tenant tenant;     ///< empty for addresses
  std::string kind;  ///< player, address, match
  std::string id;    ///< a UUID, or the key of an address (counted_as); hashed, so any text is allowed
  std::string cost;  ///< read, write or credentials
};

/// The answer of the cache when a caller is counted by a rate limit, or its login is read.
struct LimitAnswer {
  Allowance allowance;
  bool denied = false;         ///< the login has ended
  std::optional<Region> home;  ///< home region, if the player changed it recently
};

/// A family of refresh tokens: all refresh tokens of one login of one player.
struct Family {
  LoginId login;
  Tenant tenant;
  PlayerId player;
  std::string name;
  Region region;
  TimePoint expires_at;
};

/// The result of using a refresh token. unknown: no such family. rotated: the child token is now current. again: the
/// parent token was used again within the grace time, and the child is still current. reused: an old token; the family
/// was ended.
enum class Rotation { unknown, expired, rotated, again, reused };

struct Rotated {
  Rotation verdict = Rotation::unknown;
  PlayerId player;
  std::string name;
  Region region;
  std::string current_digest;
};

struct EndedLogin {
  LoginId login;
  PlayerId player;
};

/// A part of the list of ended logins, oldest first.
struct EndedLogins {
  std::vector<EndedLogin> logins;
  std::string position;  ///< of the last one in the list; the position before the part if the part is empty
};

/// An open socket of a player, as it is written to presence.
struct SocketPresence {
  std::string name;  ///< instance/number
  TimePoint opened_at;
  LoginId login;
};

/// The answer of the cache when a gateway writes the open sockets of a player.
struct PresenceAnswer {
  int before = 0;                    ///< sockets of the player on all gateways before the write
  std::vector<bool> denied;          ///< for each written socket: its login has ended
  std::vector<std::string> evicted;  ///< names of the player's oldest sockets beyond the limit
};

/// The frames of a player as the daemons have stored them (common/bus/notify.lua).
struct LoggedFrames {
  std::int64_t last = 0;  ///< the number of the last frame; 0 if there is no counter
  std::string log;        ///< each frame after a line feed; the first may be cut off. Empty if nothing was missed
};

class Store {
 public:
  template <class T>
  using Then = std::function<void(storage::RedisResult<T>)>;

  Store(AsyncRedis& cache, AsyncRedis& queue) : cache_(cache), queue_(queue) {}

  // Limits (cache).
  /// Takes a token from the subject's bucket. With a login and player, also reads whether the login has ended and the
  /// home region, in the same round trip.
  void take(const LimitSubject& subject, Quota quota, const std::optional<LoginId>& login,
            const std::optional<PlayerId>& player, Then<LimitAnswer> then);
  /// Reads whether the login has ended and the home region, without taking a token. `allowance` is not set.
  void read_login(const Tenant& tenant, LoginId login, PlayerId player, Then<LimitAnswer> then);
  /// Reserves a failure for an attempt to log in (logins/login_attempts.h). The reservation expires after `lease`.
  void reserve_login(const LoginAttempt& attempt, Milliseconds lease, Then<AttemptVerdict> then);
  void settle_login(const LoginAttempt& attempt, bool failed);

  // Ended logins and home regions (cache). Entries expire after `how_long`.
  void deny(const Tenant& tenant, LoginId login, Milliseconds how_long, Then<Done> then);
  void set_home(const Tenant& tenant, PlayerId player, const Region& region, Milliseconds how_long);
  void get_home(const Tenant& tenant, PlayerId player, Then<std::optional<Region>> then);

  // Ended logins (queue): a list of the last 50,000, which outlives every loss of the cache and of events. At 50 ends a
  // second, that is the lifetime of an access token.
  void record_end(LoginId login, PlayerId player, Then<Done> then);
  /// Reads up to kEndedLoginsPage logins that are behind `position` in the list.
  void read_ends(const std::string& position, Then<EndedLogins> then);
  /// The same, for the start. Blocks.
  static storage::RedisResult<EndedLogins> read_ends(storage::Redis& queue, const std::string& position,
                                                     Deadline deadline);

  // Refresh tokens (queue).
  /// The result is the player's oldest logins beyond the limit, which are ended.
  void start_family(const Family& family, const std::string& digest, TimePoint now, Then<std::vector<LoginId>> then);
  void rotate(const Tenant& tenant, LoginId login, const std::string& digest, const std::string& child_digest,
              std::uint32_t child_generation, TimePoint now, Then<Rotated> then);
  /// Ends a family. The result is false if the family belongs to another player.
  void end_family(const Tenant& tenant, LoginId login, PlayerId player, Then<bool> then);

  // Presence (cache).
  /// Writes the open sockets that this gateway instance has for a player. From then on frames for the player are
  /// numbered and stored.
  void write_presence(const Tenant& tenant, PlayerId player, const std::string& instance,
                      const std::vector<SocketPresence>& sockets, Then<PresenceAnswer> then);
  /// Removes a closed socket. The result is the number of sockets the player still has, on all gateways.
  void remove_presence(const Tenant& tenant, PlayerId player, const std::string& instance, const std::string& socket,
                       Then<int> then);
  /// The number of the player's last frame, and the stored frames for a client that has all frames up to `seen` (0:
  /// unknown).
  void read_frames(const Tenant& tenant, PlayerId player, std::int64_t seen, Then<LoggedFrames> then);

  static constexpr std::string_view kFirstPosition = "0-0";  ///< before the whole list of ended logins
  static constexpr std::size_t kEndedLoginsPage = 1'000;
  static constexpr int kMaxSocketsPerPlayer = 5;
  static constexpr Milliseconds kPresenceExpiry{45'000};
  static constexpr Milliseconds kRefreshGrace{10'000};

 private:
  AsyncRedis& cache_;
  AsyncRedis& queue_;
};

}  // namespace mm::gateway
