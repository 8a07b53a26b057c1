#include "services/gateway/handlers/accounts.h"

#include "common/runtime/log.h"
#include "common/security/secrets.h"
#include "services/gateway/handlers/forward.h"

namespace mm::gateway::accounts {
namespace {

// Deadline of registrations and logins. Waiting for and computing a bcrypt hash takes longer than other requests.
constexpr Milliseconds kPasswordTimeout{5'000};

std::string account_of(const LoginPlayer& request) { return lower(request.tenant.str() + "/" + request.username); }

std::string access_token(const Exchange& x, const Family& family) {
  const auto now = x.now();
  security::AccessClaims claims;
  claims.player = family.player;
  claims.tenant = family.tenant;
  claims.name = family.name;
  claims.region = family.region;
  claims.login = family.login;
  claims.issued_at = now;
  claims.expires_at = now + kAccessLifetime;
  return x.gateway().tokens.access().sign(claims);
}

void reply_tokens(const ExchangePtr& x, const Family& family, std::string refresh_token) {
  TokenPair pair;
  pair.access_token = access_token(*x, family);
  pair.refresh_token = std::move(refresh_token);
  pair.expires_in = static_cast<int>(kAccessLifetime.count());
  x->reply(wire::encode(pair));
}

/// Ends a login on all gateways: its access tokens are refused and its sockets are closed. If the end cannot be listed,
/// a gateway could accept the tokens again after a loss of the cache: then nothing is done, and the result is the
/// error.
void end_login(const ExchangePtr& x, const Tenant& tenant, LoginId login, PlayerId player, Store::Then<Done> then) {
  const auto on_listed = [x, tenant, login, player, then = std::move(then)](storage::RedisResult<Done> listed) {
    if (!listed) return then(std::move(listed));
    x->gateway().endings.end_everywhere(login_ended(player, login));
    x->shard.store.deny(tenant, login, kDenialLifetime, [then](storage::RedisResult<Done>) { then(Done{}); });
  };
  x->shard.store.record_end(login, player, on_listed);
}

void start_login(const ExchangePtr& x, const LoggedIn& player) {
  const auto now = x->now();
  const Family family{LoginId::fresh(now), player.tenant, player.player_id,
                      player.username,     player.region, now + kRefreshLifetime};
  auto token = x->gateway().tokens.refresh_token({family.tenant, family.login, 0});
  const auto digest = Tokens::digest(token);
  const auto on_started = [x, family, token = std::move(token)](storage::RedisResult<std::vector<LoginId>> surplus) {
    if (!surplus) return x->refuse(storage::to_problem(surplus.error()));
    for (const auto login : *surplus) {
      end_login(x, family.tenant, login, family.player, [](storage::RedisResult<Done>) {});
    }
    reply_tokens(x, family, token);
  };
  x->shard.store.start_family(family, digest, now, on_started);
}

Problem refused_token() { return refuse(Code::invalid_refresh_token).error; }

void finish_rotation(const ExchangePtr& x, const RefreshClaims& child, const Rotated& rotated) {
  Family family{child.login, child.tenant, rotated.player, rotated.name, rotated.region, {}};
  auto token = x->gateway().tokens.refresh_token_with(child, rotated.current_digest);
  if (!token) return x->refuse(refused_token());
  x->shard.store.get_home(
      family.tenant, family.player,
      [x, family, token = *std::move(token)](storage::RedisResult<std::optional<Region>> home) mutable {
        if (home && *home) family.region = **home;
        reply_tokens(x, family, std::move(token));
      });
}

/// Sends the login to profile. `attempt` is the reservation to settle; it is empty if rate limits are off.
void send_login(const ExchangePtr& x, const LoginPlayer& request, const std::optional<LoginAttempt>& attempt) {
  auto context = x->context();
  context.caller.tenant = request.tenant;
  send_request(x->shard, request, context, [x, attempt](Reply<LoggedIn> answer) {
    const bool wrong = !answer && answer.error().code == Code::invalid_credentials;
    if (attempt) x->shard.logins.settle(*attempt, wrong);
    // The same detail for every reason, so that the answer does not tell whether the account exists.
    if (wrong) return x->refuse(refuse(Code::invalid_credentials).error);
    if (!answer) return x->refuse(std::move(answer).error());
    start_login(x, *answer);
  });
}

/// Refuses the request and returns true if the operator has not configured the tenant.
bool refused_tenant(const ExchangePtr& x, const Tenant& tenant) {
  const bool known = x->gateway().settings.tenants.contains(tenant);
  if (!known) x->refuse(refuse(Code::not_found, "there is no such tenant").error);
  return !known;
}

}  // namespace

void register_player(const ExchangePtr& x) {
  auto request = x->decode<RegisterPlayer>();
  if (!request) return x->refuse(std::move(request).error());
  if (refused_tenant(x, request->tenant)) return;
  x->deadline = Deadline::after(kPasswordTimeout);
  x->once([x, request = *std::move(request)] {
    auto context = x->context();
    context.caller.tenant = request.tenant;
    send_request(x->shard, request, context, [x](Reply<RegisteredPlayer> answer) {
      if (!answer) return x->refuse(std::move(answer).error());
      x->headers.emplace_back("Location", "/v1/profile/" + answer->player_id.to_string());
      x->reply(wire::encode(*answer));
    });
  });
}

void login(const ExchangePtr& x) {
  auto decoded = x->decode<LoginPlayer>();
  if (!decoded) return x->refuse(std::move(decoded).error());
  if (refused_tenant(x, decoded->tenant)) return;
  x->deadline = Deadline::after(kPasswordTimeout);
  if (!x->gateway().settings.rate_limits) return send_login(x, *decoded, std::nullopt);
  const LoginAttempt attempt{security::random_token(12), x->address, account_of(*decoded)};
  x->shard.logins.begin(attempt, x->deadline,
                        [x, attempt, request = *std::move(decoded)](std::optional<Problem> refusal) {
                          if (refusal) return x->refuse(*std::move(refusal));
                          send_login(x, request, attempt);
                        });
}

void refresh(const ExchangePtr& x) {
  const auto request = x->decode<RefreshTokens>();
  if (!request) return x->refuse(request.error());
  const auto& tokens = x->gateway().tokens;
  const auto claims = tokens.read_refresh(request->refresh_token);
  if (!claims || !x->gateway().settings.tenants.contains(claims->tenant)) return x->refuse(refused_token());
  auto child = *claims;
  ++child.generation;
  x->shard.store.rotate(
      child.tenant, child.login, Tokens::digest(request->refresh_token), Tokens::digest(tokens.refresh_token(child)),
      child.generation, x->now(), [x, child](storage::RedisResult<Rotated> rotated) {
        if (!rotated) return x->refuse(storage::to_problem(rotated.error()));
        switch (rotated->verdict) {
          case Rotation::rotated:
          case Rotation::again: return finish_rotation(x, child, *rotated);
          case Rotation::unknown:
          case Rotation::expired: return x->refuse(refused_token());
          case Rotation::reused: break;
        }
        x->gateway().metrics.refresh_reused.add();
        log::warning("refresh_token_reused", {{"player_id", rotated->player}, {"login", child.login}});
        end_login(x, child.tenant, child.login, rotated->player,
                  [x, ended = login_ended(rotated->player, child.login)](storage::RedisResult<Done> listed) {
                    if (!listed) x->gateway().endings.end_everywhere(ended);
                    x->refuse(refused_token());
                  });
      });
}

void logout(const ExchangePtr& x) {
  const auto request = x->decode<Logout>();
  if (!request) return x->refuse(request.error());
  const auto claims = x->gateway().tokens.read_refresh(request->refresh_token);
  if (!claims || claims->tenant != x->player().tenant) return x->refuse(refused_token());
  x->shard.store.end_family(
      claims->tenant, claims->login, x->player().player, [x, claims = *claims](storage::RedisResult<bool> ended) {
        if (!ended) return x->refuse(storage::to_problem(ended.error()));
        if (!*ended) return x->refuse(refused_token());
        end_login(x, claims.tenant, claims.login, x->player().player, [x](storage::RedisResult<Done> recorded) {
          if (!recorded) return x->refuse(storage::to_problem(recorded.error()));
          x->reply(204, {});
        });
      });
}

void get_me(const ExchangePtr& x) {
  x->parts.path.emplace_back("player_id", x->player().player.to_string());
  forward_request<GetProfile>(x);
}

void update_me(const ExchangePtr& x) {
  auto request = x->decode<UpdateProfile>();
  if (!request) return x->refuse(std::move(request).error());
  x->send_request(*request, [x, region = request->region](Reply<Profile> answer) {
    if (!answer) return x->refuse(std::move(answer).error());
    // Tokens contain the region at the time of the login. The new region overrides it for the lifetime of a refresh
    // family.
    if (region) x->shard.store.set_home(x->player().tenant, x->player().player, *region, kRefreshLifetime);
    x->reply(wire::encode(*answer));
  });
}

}  // namespace mm::gateway::accounts
