#include "services/gateway/store/store.h"

#include <charconv>
#include <utility>

#include "common/contracts/frames.h"
#include "common/security/secrets.h"
#include "services/gateway/store/lua/scripts.h"

namespace mm::gateway {

using storage::Arguments;
using storage::RedisError;
using storage::RedisReply;
using storage::RedisResult;

namespace {

constexpr Milliseconds kCacheTimeout{200};
constexpr Milliseconds kQueueTimeout{1'000};
constexpr int kMaxLoginsPerPlayer = 50;
constexpr std::string_view kBeatPrefix = "mm:gateway:";
constexpr std::string_view kEndedLoginsKey = "mm:{gateway}:ended_logins";
constexpr std::string_view kMaxEndedLogins = "50000";

std::string tenant_key(const Tenant& tenant, std::string_view rest) {
  return "mm:{" + tenant.str() + "}:" + std::string(rest);
}
std::string denied_key(const Tenant& tenant, LoginId login) { return tenant_key(tenant, "deny:" + login.to_string()); }
std::string home_key(const Tenant& tenant, PlayerId player) { return tenant_key(tenant, "home:" + player.to_string()); }
std::string family_key(const Tenant& tenant, LoginId login) { return tenant_key(tenant, "login:" + login.to_string()); }
std::string presence_key(const Tenant& tenant, PlayerId player) {
  return tenant_key(tenant, "presence:" + player.to_string());
}
std::string sockets_key(const Tenant& tenant, PlayerId player) {
  return tenant_key(tenant, "sockets:" + player.to_string());
}
std::string seq_key(const Tenant& tenant, PlayerId player) { return tenant_key(tenant, "seq:" + player.to_string()); }
std::string frames_key(const Tenant& tenant, PlayerId player) {
  return tenant_key(tenant, "frames:" + player.to_string());
}

// Addresses and account names may be any text. They are hashed, so that keys are short and cannot collide.
std::string limit_key(const LimitSubject& subject) {
  const std::string owner = subject.tenant.empty() ? "gateway" : subject.tenant.str();
  return "mm:{" + owner + "}:limit:" + subject.kind + ":" + subject.cost + ":" +
         security::sha256_hex(subject.id).substr(0, 32);
}

// The keys of the two buckets of login failures. Each bucket has two keys: the bucket and its attempts in progress.
Arguments login_keys(const LoginAttempt& attempt) {
  const std::string prefix = "mm:{gateway}:limit:login:";
  const auto account = "account:" + security::sha256_hex(attempt.account + "\n" + attempt.address).substr(0, 32);
  const auto address = "address:" + security::sha256_hex(attempt.address).substr(0, 32);
  return {prefix + account, prefix + "under_way:" + account, prefix + address, prefix + "under_way:" + address};
}

std::string ms(TimePoint time) { return std::to_string(time.time_since_epoch().count()); }
std::string ms(Milliseconds time) { return std::to_string(time.count()); }

std::int64_t number(const RedisReply& reply) {
  if (reply.kind == RedisReply::Kind::integer) return reply.integer;
  std::int64_t out = 0;
  std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), out);
  return out;
}

/// Makes a handler that converts the reply with `read`. A reply with fewer than `items` items is an error.
template <class T, class Read>
AsyncRedis::Handler reading(Store::Then<T> then, std::size_t items, Read read) {
  return [then = std::move(then), items, read = std::move(read)](RedisResult<RedisReply> reply) {
    if (!reply) return then(fail(std::move(reply).error()));
    if (reply->items.size() < items) return then(fail(RedisError{true, "unexpected reply"}));
    then(read(*reply));
  };
}

AsyncRedis::Handler nothing() {
  return [](RedisResult<RedisReply>) {};
}

Arguments read_ends_command(const std::string& position) {
  return {"XRANGE", std::string(kEndedLoginsKey),           "(" + position, "+",
          "COUNT",  std::to_string(Store::kEndedLoginsPage)};
}

// Each item is {position, {"login", id, "player", id}}.
EndedLogins read_ended_logins(const RedisReply& reply, const std::string& position) {
  EndedLogins out{{}, position};
  for (const auto& item : reply.items) {
    if (item.items.size() != 2 || item.items[1].items.size() != 4) continue;
    out.position = item.items[0].text;
    const auto login = LoginId::parse(item.items[1].items[1].text);
    const auto player = PlayerId::parse(item.items[1].items[3].text);
    if (login && player) out.logins.push_back({*login, *player});
  }
  return out;
}

std::optional<Region> home_of(const RedisReply& reply) { return Region::parse(reply.text); }

}  // namespace

void Store::take(const LimitSubject& subject, Quota quota, const std::optional<LoginId>& login,
                 const std::optional<PlayerId>& player, Then<LimitAnswer> then) {
  Arguments keys{limit_key(subject)};
  if (login && player) {
    keys.push_back(denied_key(subject.tenant, *login));
    keys.push_back(home_key(subject.tenant, *player));
  }
  const Arguments arguments{std::to_string(quota.capacity), ms(quota.window)};
  cache_.eval(lua::kTake, keys, arguments, kCacheTimeout,
              reading<LimitAnswer>(std::move(then), 6, [quota](const RedisReply& reply) {
                LimitAnswer out;
                out.allowance.limit = quota.capacity;
                out.allowance.allowed = number(reply.items[0]) == 1;
                out.allowance.remaining = static_cast<int>(number(reply.items[1]));
                out.allowance.reset_seconds = static_cast<int>(number(reply.items[2]));
                out.allowance.retry_seconds = static_cast<int>(number(reply.items[3]));
                out.denied = number(reply.items[4]) == 1;
                out.home = home_of(reply.items[5]);
                return out;
              }));
}

void Store::read_login(const Tenant& tenant, LoginId login, PlayerId player, Then<LimitAnswer> then) {
  cache_.command({"MGET", denied_key(tenant, login), home_key(tenant, player)}, kCacheTimeout,
                 reading<LimitAnswer>(std::move(then), 2, [](const RedisReply& reply) {
                   LimitAnswer out;
                   out.denied = !reply.items[0].is_nil();
                   out.home = home_of(reply.items[1]);
                   return out;
                 }));
}

void Store::reserve_login(const LoginAttempt& attempt, Milliseconds lease, Then<AttemptVerdict> then) {
  const Arguments arguments{attempt.id, ms(kLoginFailuresPerAccount.window), ms(lease),
                            std::to_string(kLoginFailuresPerAccount.capacity),
                            std::to_string(kLoginFailuresPerAddress.capacity)};
  cache_.eval(lua::kLoginReserve, login_keys(attempt), arguments, kCacheTimeout,
              reading<AttemptVerdict>(std::move(then), 2, [](const RedisReply& reply) {
                AttemptVerdict out;
                const auto& verdict = reply.items[0].text;
                out.attempt = verdict == "go" ? Attempt::go : verdict == "wait" ? Attempt::wait : Attempt::refused;
                out.retry_seconds = static_cast<int>(number(reply.items[1]));
                return out;
              }));
}

void Store::settle_login(const LoginAttempt& attempt, bool failed) {
  cache_.eval(lua::kLoginSettle, login_keys(attempt),
              {attempt.id, ms(kLoginFailuresPerAccount.window), failed ? "1" : "0",
               std::to_string(kLoginFailuresPerAccount.capacity), std::to_string(kLoginFailuresPerAddress.capacity)},
              kCacheTimeout, nothing());
}

void Store::deny(const Tenant& tenant, LoginId login, Milliseconds how_long, Then<Done> then) {
  cache_.command({"SET", denied_key(tenant, login), "1", "PX", ms(how_long)}, kCacheTimeout,
                 reading<Done>(std::move(then), 0, [](const RedisReply&) { return Done{}; }));
}

void Store::set_home(const Tenant& tenant, PlayerId player, const Region& region, Milliseconds how_long) {
  cache_.command({"SET", home_key(tenant, player), region.str(), "PX", ms(how_long)}, kCacheTimeout, nothing());
}

void Store::get_home(const Tenant& tenant, PlayerId player, Then<std::optional<Region>> then) {
  cache_.command({"GET", home_key(tenant, player)}, kCacheTimeout,
                 reading<std::optional<Region>>(std::move(then), 0, home_of));
}

// The positions that Redis gives never go back, even if its clock does.
void Store::record_end(LoginId login, PlayerId player, Then<Done> then) {
  queue_.command({"XADD", std::string(kEndedLoginsKey), "MAXLEN", "~", std::string(kMaxEndedLogins), "*", "login",
                  login.to_string(), "player", player.to_string()},
                 kQueueTimeout, reading<Done>(std::move(then), 0, [](const RedisReply&) { return Done{}; }));
}

void Store::read_ends(const std::string& position, Then<EndedLogins> then) {
  queue_.command(read_ends_command(position), kQueueTimeout,
                 reading<EndedLogins>(std::move(then), 0, [position](const RedisReply& reply) {
                   return read_ended_logins(reply, position);
                 }));
}

RedisResult<EndedLogins> Store::read_ends(storage::Redis& queue, const std::string& position, Deadline deadline) {
  const auto reply = queue.command(read_ends_command(position), deadline);
  if (!reply) return fail(reply.error());
  return read_ended_logins(*reply, position);
}

void Store::start_family(const Family& family, const std::string& digest, TimePoint now,
                         Then<std::vector<LoginId>> then) {
  queue_.eval(
      lua::kFamilyStart, {family_key(family.tenant, family.login), tenant_key(family.tenant, "login_expiry")},
      {family.login.to_string(), family.player.to_string(), family.name, family.region.str(), digest,
       ms(family.expires_at), ms(now), tenant_key(family.tenant, "login:"), std::to_string(kMaxLoginsPerPlayer)},
      kQueueTimeout, reading<std::vector<LoginId>>(std::move(then), 0, [](const RedisReply& reply) {
        std::vector<LoginId> surplus;
        for (const auto& item : reply.items) {
          if (const auto login = LoginId::parse(item.text)) surplus.push_back(*login);
        }
        return surplus;
      }));
}

void Store::rotate(const Tenant& tenant, LoginId login, const std::string& digest, const std::string& child_digest,
                   std::uint32_t child_generation, TimePoint now, Then<Rotated> then) {
  const auto read = [](const RedisReply& reply) {
    Rotated out;
    const auto& verdict = reply.items[0].text;
    out.verdict = verdict == "rotated"   ? Rotation::rotated
                  : verdict == "again"   ? Rotation::again
                  : verdict == "reused"  ? Rotation::reused
                  : verdict == "expired" ? Rotation::expired
                                         : Rotation::unknown;
    if (out.verdict == Rotation::unknown || reply.items.size() < 5) return out;
    out.player = PlayerId::parse(reply.items[1].text).value_or(PlayerId{});
    out.name = reply.items[2].text;
    out.region = Region::parse(reply.items[3].text).value_or(default_region());
    out.current_digest = reply.items[4].text;
    return out;
  };
  queue_.eval(lua::kFamilyRotate, {family_key(tenant, login), tenant_key(tenant, "login_expiry")},
              {login.to_string(), digest, child_digest, std::to_string(child_generation), ms(now), ms(kRefreshGrace),
               tenant_key(tenant, "login:")},
              kQueueTimeout, reading<Rotated>(std::move(then), 1, read));
}

void Store::end_family(const Tenant& tenant, LoginId login, PlayerId player, Then<bool> then) {
  queue_.eval(lua::kFamilyEnd, {family_key(tenant, login), tenant_key(tenant, "login_expiry")},
              {login.to_string(), player.to_string(), tenant_key(tenant, "login:")}, kQueueTimeout,
              reading<bool>(std::move(then), 0, [](const RedisReply& reply) { return number(reply) == 1; }));
}

void Store::write_presence(const Tenant& tenant, PlayerId player, const std::string& instance,
                           const std::vector<SocketPresence>& sockets, Then<PresenceAnswer> then) {
  Arguments keys{presence_key(tenant, player), sockets_key(tenant, player), seq_key(tenant, player)};
  Arguments arguments{instance, ms(kPresenceExpiry), std::to_string(kMaxSocketsPerPlayer), std::string(kBeatPrefix),
                      std::to_string(kFrameLogTime.count())};
  for (const auto& socket : sockets) {
    keys.push_back(denied_key(tenant, socket.login));
    arguments.push_back(ms(socket.opened_at));
    arguments.push_back(socket.name);
  }
  const auto count = sockets.size();
  cache_.eval(lua::kPresenceWrite, keys, arguments, kCacheTimeout,
              reading<PresenceAnswer>(std::move(then), 1 + count, [count](const RedisReply& reply) {
                PresenceAnswer out;
                out.before = static_cast<int>(number(reply.items[0]));
                for (std::size_t i = 1; i < 1 + count; ++i) out.denied.push_back(number(reply.items[i]) == 1);
                for (std::size_t i = 1 + count; i < reply.items.size(); ++i) out.evicted.push_back(reply.items[i].text);
                return out;
              }));
}

void Store::remove_presence(const Tenant& tenant, PlayerId player, const std::string& instance,
                            const std::string& socket, Then<int> then) {
  cache_.eval(lua::kPresenceRemove, {presence_key(tenant, player), sockets_key(tenant, player)}, {instance, socket},
              kCacheTimeout, reading<int>(std::move(then), 0, [](const RedisReply& reply) {
                return static_cast<int>(number(reply));
              }));
}

void Store::read_frames(const Tenant& tenant, PlayerId player, std::int64_t seen, Then<LoggedFrames> then) {
  cache_.eval(lua::kFramesRead, {seq_key(tenant, player)}, {std::to_string(seen), frames_key(tenant, player)},
              kCacheTimeout, reading<LoggedFrames>(std::move(then), 2, [](const RedisReply& reply) {
                return LoggedFrames{number(reply.items[0]), reply.items[1].text};
              }));
}

}  // namespace mm::gateway
