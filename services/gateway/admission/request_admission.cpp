#include "services/gateway/admission/request_admission.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "common/security/secrets.h"
#include "common/wire/problem_json.h"
#include "services/gateway/core/target.h"

namespace mm::gateway {
namespace {

constexpr std::size_t kMaxRequestIdBytes = 128;
constexpr std::string_view kBearer = "bearer ";

Problem problem_of(Code code, std::string detail = {}) { return refuse(code, std::move(detail)).error; }

// Returns the client's X-Request-Id if it is safe in a header and a log line, else an empty text: the trace id is used
// then.
std::string sanitised_request_id(const std::string* given) {
  if (given == nullptr || given->empty() || given->size() > kMaxRequestIdBytes) return {};
  const bool harmless = std::all_of(given->begin(), given->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  });
  return harmless ? *given : std::string{};
}

/// Accepts application/json, with no parameter other than charset=utf-8.
bool is_json_type(const std::string* field) {
  if (field == nullptr) return false;
  auto text = lower(*field);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
  return text == "application/json" || text == "application/json;charset=utf-8" ||
         text == "application/json;charset=\"utf-8\"";
}

std::optional<std::string_view> bearer_token(const std::string& authorization) {
  if (authorization.size() <= kBearer.size() || lower(authorization.substr(0, kBearer.size())) != kBearer)
    return std::nullopt;
  return std::string_view(authorization).substr(kBearer.size());
}

/// True if pages of this origin may use the gateway: the origin is configured, or it is the gateway's own.
bool origin_allowed(const Exchange& x, const std::string& origin) {
  const auto& allowed = x.gateway().allowed_origins;
  if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) return true;
  return x.gateway().allowed_hosts.is_own_origin(origin, x.request.local);
}

/// Refuses a host that is not served here. For a target in absolute form, both its host and the Host field are checked.
std::optional<Problem> check_host(const Exchange& x, const Target& target) {
  const auto is_served = [&](const std::string* text) {
    const auto host = text != nullptr ? HostPort::parse(*text) : std::nullopt;
    return host && x.gateway().allowed_hosts.serves(*host, x.request.local);
  };
  const bool served = is_served(x.request.header("host")) && (!target.authority || is_served(&*target.authority));
  return served ? std::nullopt : std::optional(problem_of(Code::misdirected_request));
}

/// Sets the exchange's route and path parameters, or returns 404 or 405 (with Allow) if no route matches.
std::optional<Problem> find_route(Exchange& x, const Target& target) {
  auto match = x.gateway().router.match(x.request.method, target.segments);
  x.parts.query = target.query;
  if (match.route) {
    x.route = &x.gateway().routes[*match.route];
    x.parts.path = std::move(match.parameters);
    return std::nullopt;
  }
  if (match.other_methods.empty()) return problem_of(Code::not_found, "there is nothing at this path");
  std::sort(match.other_methods.begin(), match.other_methods.end());
  std::string allow;
  for (const auto method : match.other_methods) allow += (allow.empty() ? "" : ", ") + std::string(method);
  x.headers.emplace_back("Allow", allow);
  return problem_of(Code::method_not_allowed);
}

std::optional<Problem> read_body(Exchange& x) {
  x.parts.body = x.request.body;
  if (x.request.body.empty() || x.route == nullptr) return std::nullopt;
  if (!is_json_type(x.request.header("content-type"))) return problem_of(Code::unsupported_media_type);
  auto document = json::Document::parse(x.request.body);
  if (!document) return wire::malformed(document.error());
  x.body.emplace(*std::move(document));
  return std::nullopt;
}

std::optional<MatchId> path_match(const Exchange& x) {
  for (const auto& [name, value] : x.parts.path) {
    if (name == "match_id") return MatchId::parse(value);
  }
  return std::nullopt;
}

std::optional<Problem> read_server_token(Exchange& x, std::string_view token) {
  const auto now = x.now();
  auto claims = x.gateway().tokens.server().verify_server(token, now);
  if (claims && x.gateway().settings.tenants.contains(claims->tenant)) {
    x.principal.server = *std::move(claims);
    return std::nullopt;
  }
  // A valid token of a player is accepted here; check_permission then refuses it with 403 instead of 401.
  if (auto player = read_access(x.gateway(), token)) {
    x.principal.player = *std::move(player);
    return std::nullopt;
  }
  const auto match = path_match(x);
  if (match && x.gateway().tokens.is_join_token(token, *match, now)) {
    return problem_of(Code::forbidden, "this is a join token, which only the game server accepts");
  }
  return problem_of(Code::invalid_server_token);
}

std::optional<Problem> read_credentials(Exchange& x) {
  const auto* authorization = x.request.header("authorization");
  const auto audience = x.route != nullptr ? x.route->audience : Audience::anyone;
  const auto token = authorization != nullptr ? bearer_token(*authorization) : std::nullopt;
  if (audience == Audience::admin) {
    // Without the admin token the route is answered like a path that does not exist.
    const auto& ours = x.gateway().admin_token;
    x.principal.admin = token && !ours.empty() && security::equal_constant_time(*token, ours);
    return x.principal.admin ? std::nullopt
                             : std::optional(problem_of(Code::not_found, "there is nothing at this path"));
  }
  if (authorization == nullptr) {
    if (audience == Audience::player) return problem_of(Code::unauthorized);
    if (audience == Audience::server) return problem_of(Code::invalid_server_token);
    return std::nullopt;
  }
  if (!token) return problem_of(Code::unauthorized, "the Authorization field must be `Bearer <token>`");
  if (audience == Audience::server) return read_server_token(x, *token);
  auto player = read_access(x.gateway(), *token);
  if (!player) return std::move(player).error();
  x.principal.player = *std::move(player);
  return std::nullopt;
}

std::optional<Problem> check_permission(Exchange& x) {
  if (x.route->audience != Audience::server) return std::nullopt;
  if (!x.principal.server) return problem_of(Code::forbidden, "only the game server of the match may do this");
  const auto match = path_match(x);
  return !match || *match == x.principal.server->match
             ? std::nullopt
             : std::optional(problem_of(Code::forbidden, "the token is for another match"));
}

bool is_preflight(const Exchange& x) {
  return x.request.method == "OPTIONS" && x.request.header("origin") != nullptr &&
         x.request.header("access-control-request-method") != nullptr;
}

std::optional<Problem> check_origin(Exchange& x) {
  const auto* origin = x.request.header("origin");
  if (origin == nullptr) return std::nullopt;
  if (!origin_allowed(x, *origin)) return problem_of(Code::origin_not_allowed);
  x.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  x.headers.emplace_back("Access-Control-Expose-Headers",
                         "Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, traceparent");
  x.headers.emplace_back("Vary", "Origin");
  return std::nullopt;
}

void answer_preflight(Exchange& x) {
  std::erase_if(x.headers, [](const auto& field) { return field.first == "Allow"; });
  x.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE");
  x.headers.emplace_back("Access-Control-Allow-Headers",
                         "Authorization, Content-Type, Idempotency-Key, X-Request-Id, traceparent");
  x.headers.emplace_back("Access-Control-Max-Age", "600");
  x.reply(204, {});
}

/// Returns the first refusal in the documented order. A path without a route is refused only after the token was
/// checked. The origin is checked early, because a page on an allowed origin must be able to read every refusal.
std::optional<Problem> first_refusal(Exchange& x, const Target& target) {
  auto unmatched = find_route(x, target);
  auto wrong_host = check_host(x, target);
  auto wrong_origin = wrong_host ? std::nullopt : check_origin(x);
  if (auto problem = read_body(x)) return problem;
  if (wrong_host) return wrong_host;
  if (auto problem = read_credentials(x)) return problem;
  if (wrong_origin) return wrong_origin;
  if (unmatched) return unmatched;
  return check_permission(x);
}

LimitSubject limit_subject(const Exchange& x) {
  const auto cost = x.route != nullptr ? x.route->cost : Cost::read;
  LimitSubject subject;
  subject.cost = cost == Cost::write ? "write" : cost == Cost::credentials ? "credentials" : "read";
  if (x.principal.server) {
    subject.tenant = x.principal.server->tenant;
    subject.kind = "match";
    subject.id = x.principal.server->match.to_string();
  } else if (x.principal.player) {
    subject.tenant = x.player().tenant;
    subject.kind = "player";
    subject.id = x.player().player.to_string();
  } else {
    subject.kind = "address";
    subject.id = x.address;
  }
  return subject;
}

/// Returns the quota of the bucket that `limit_subject` names. Only a game server with a token has the quota of
/// servers: a request to a server's route without one counts as a read.
Quota limit_quota(const Exchange& x) {
  if (x.principal.server) return quota_of(Cost::server);
  const auto cost = x.route != nullptr ? x.route->cost : Cost::read;
  return quota_of(cost == Cost::server ? Cost::read : cost);
}

/// Returns the key for limits per address. Several X-Forwarded-For fields are treated as one list.
std::string address_of(const Exchange& x) {
  std::string forwarded;
  for (const auto& [name, value] : x.request.headers) {
    if (name == "x-forwarded-for") forwarded += (forwarded.empty() ? "" : ",") + value;
  }
  const auto peer = Address::parse(x.request.peer).value_or(Address{});
  return counted_as(client_address(peer, forwarded.empty() ? nullptr : &forwarded, x.gateway().trusted_proxies));
}

void run(const ExchangePtr& x, bool denied) {
  if (x->allowance && !x->allowance->allowed) {
    auto problem = problem_of(Code::rate_limited);
    problem.retry_after_seconds = x->allowance->retry_seconds;
    return x->refuse(std::move(problem));
  }
  const bool ended = x->principal.player && x->gateway().denials.contains(x->player().login);
  if (denied || ended) return x->refuse(problem_of(Code::unauthorized, "the login has ended"));
  if (x->refusal) return x->refuse(*std::move(x->refusal));
  if (x->request.method == "OPTIONS") return answer_preflight(*x);
  if (work_of(*x->route) == Work::begin) {
    if (auto refusal = x->gateway().queue_memory.refusal()) {
      x->gateway().metrics.queue_memory.refused.add();
      return x->refuse(*std::move(refusal));
    }
  }
  x->route->endpoint.handle(x);
}

void count_and_run(const ExchangePtr& x) {
  const auto subject = limit_subject(*x);
  const auto quota = limit_quota(*x);
  std::optional<LoginId> login;
  std::optional<PlayerId> player;
  if (x->principal.player) {
    login = x->player().login;
    player = x->player().player;
  }
  x->shard.store.take(subject, quota, login, player, [x, subject, quota](storage::RedisResult<LimitAnswer> taken) {
    if (taken) {
      x->allowance = taken->allowance;
      x->principal.home = taken->home;
      return run(x, taken->denied);
    }
    auto& gateway = x->gateway();
    gateway.metrics.limits_local.add();
    const auto key = subject.tenant.str() + ":" + subject.kind + ":" + subject.cost + ":" + subject.id;
    x->allowance = gateway.local_limits.take(key, quota, gateway.runtime.clock.steady());
    run(x, false);
  });
}

// Without a route the request is refused anyway, and counts as a read.
bool is_crowded_out(const Exchange& x) {
  const auto work = x.route != nullptr ? work_of(*x.route) : Work::read;
  if (x.shard.in_flight <= room_for(work, x.gateway().settings.max_in_flight)) return false;
  x.gateway().metrics.crowded_out[rank_of(work)].add();
  return true;
}

}  // namespace

Reply<security::AccessClaims> read_access(const Gateway& gateway, std::string_view token) {
  auto claims = gateway.tokens.access().verify_access(token, gateway.runtime.clock.now());
  if (claims && gateway.settings.tenants.contains(claims->tenant)) return *std::move(claims);
  const bool expired = !claims && claims.error() == security::TokenError::expired;
  return refuse(Code::unauthorized, expired ? "the access token has expired" : "");
}

void admit_and_run(const ExchangePtr& x) {
  if (is_crowded_out(*x)) return x->refuse(problem_of(Code::unavailable, "too many requests at once"));
  const bool free = x->route != nullptr && x->route->cost == Cost::free;
  const bool limited = x->gateway().settings.rate_limits && !free;
  if (limited) return count_and_run(x);
  if (!x->principal.player || free) return run(x, false);
  const auto& player = x->player();
  x->shard.store.read_login(player.tenant, player.login, player.player, [x](storage::RedisResult<LimitAnswer> taken) {
    if (taken) x->principal.home = taken->home;
    run(x, taken && taken->denied);
  });
}

void serve(Shard& shard, HttpRequest request, Exchange::Respond respond) {
  auto x = std::make_shared<Exchange>(shard, std::move(respond));
  x->request = std::move(request);
  const auto* traceparent = x->request.header("traceparent");
  const auto parent = traceparent != nullptr ? trace::parse_traceparent(*traceparent) : std::nullopt;
  x->trace = parent ? trace::child_of(*parent) : trace::new_trace();
  x->request_id = sanitised_request_id(x->request.header("x-request-id"));
  x->address = address_of(*x);

  // Refused before the request is parsed, whatever its class.
  if (shard.in_flight > x->gateway().settings.max_in_flight) {
    x->gateway().metrics.crowded_out[rank_of(Work::finish)].add();
    return x->refuse(problem_of(Code::unavailable, "too many requests at once"));
  }
  const auto target = parse_target(x->request.target);
  if (!target) return x->refuse(problem_of(Code::malformed_request, std::string(target.error())));
  x->refusal = first_refusal(*x, *target);
  if (is_preflight(*x) && x->refusal && x->refusal->code == Code::method_not_allowed) x->refusal.reset();
  admit_and_run(x);
}

}  // namespace mm::gateway
