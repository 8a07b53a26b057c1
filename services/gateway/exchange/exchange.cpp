#include "services/gateway/exchange/exchange.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "common/security/secrets.h"
#include "common/wire/problem_json.h"
#include "services/gateway/api/messages.h"

namespace mm::gateway {
namespace {

constexpr std::size_t kMaxKeyBytes = 255;
constexpr std::size_t kRecordDigits = 32;
constexpr Milliseconds kStoreTimeout{1'000};

bool is_printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_kept(int status) { return status < 500 && status != 401 && status != 429; }

}  // namespace

HttpAnswer problem_answer(const Problem& problem, std::string_view trace_id) {
  HttpAnswer answer;
  answer.status = problem.status();
  answer.content_type = "application/problem+json";
  answer.body = wire::encode_problem(problem, trace_id);
  if (answer.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (answer.status == 429 || answer.status == 503 || problem.retry_after_seconds) {
    answer.headers.emplace_back("Retry-After", std::to_string(std::max(1, problem.retry_after_seconds.value_or(1))));
  }
  return answer;
}

Caller Principal::caller() const {
  Caller caller;
  if (admin) {
    caller.role = Role::admin;
  } else if (server) {
    caller.role = Role::server;
    caller.tenant = server->tenant;
    caller.match = server->match;
  } else {
    // A caller without a token is a player with the nil id, which owns nothing.
    caller.role = Role::player;
    caller.tenant = player ? player->tenant : default_tenant();
    caller.player = player ? player->player : PlayerId{};
  }
  return caller;
}

Exchange::Exchange(Shard& the_shard, Respond respond)
    : shard(the_shard), respond_(std::move(respond)), started_(std::chrono::steady_clock::now()) {
  ++shard.in_flight;
}

Exchange::~Exchange() {
  --shard.in_flight;
  if (!respond_ || shard.over) return;
  refused_ = Code::internal_error;
  finish(problem_answer(Problem{}, trace.trace_id_text()));
}

Reply<Done> Exchange::check_shape() const {
  const auto has = [this](std::string_view name) {
    const auto member = body && body->root().is(json::Kind::object) ? body->root().find(name) : std::nullopt;
    return (member && !member->is(json::Kind::null)) ||
           std::any_of(parts.query.begin(), parts.query.end(), [&](const auto& entry) { return entry.first == name; });
  };
  if (!route->rules.without.empty() && has(route->rules.without)) {
    return refuse_field("/" + std::string(route->rules.without), "is not a known field");
  }
  if (!route->rules.needs.empty() && !has(route->rules.needs))
    return refuse_field("/" + std::string(route->rules.needs), "is missing");
  return Done{};
}

void Exchange::once(std::function<void()> work) {
  const auto* key = route->rules.keyed ? request.header("idempotency-key") : nullptr;
  if (key == nullptr) return work();
  if (key->size() > kMaxKeyBytes || !is_printable(*key)) {
    return refuse(mm::refuse(Code::malformed_request, "Idempotency-Key must have 1 to 255 visible characters").error);
  }
  const auto owner =
      principal.player ? principal.player->tenant.str() + "/" + principal.player->player.to_string() : address;
  const auto place = std::string(route->method) + " " + std::string(route->path);
  auto asked = place;
  for (const auto& list : {parts.path, parts.query}) {
    for (const auto& [name, value] : list) asked += "\n" + name + "=" + value;
  }
  KeyedAttempt attempt;
  attempt.record = security::sha256_hex(place + "\n" + owner + "\n" + *key).substr(0, kRecordDigits);
  // A keyed digest, because the request may contain a password: a plain digest in the store would allow guessing it.
  attempt.request = security::base64url_encode(gateway().tokens.keyed_digest("request", asked + "\n\n" + request.body));
  attempt.owner = owner;
  attempt.id = security::random_token(12);
  // The work ends at the deadline; kStoreTimeout is added for storing the answer.
  shard.keyed.start(
      attempt, now(), deadline.remaining() + kStoreTimeout,
      [self = shared_from_this(), attempt, work = std::move(work)](storage::RedisResult<KeyedWork> started) {
        if (!started) return self->refuse(storage::to_problem(started.error()));
        switch (started->state) {
          case KeyedWork::State::running: return self->refuse_running(started->running_for);
          case KeyedWork::State::mismatch: return self->refuse(mm::refuse(Code::idempotency_mismatch).error);
          case KeyedWork::State::done: return self->replay(started->answer);
          case KeyedWork::State::fresh: break;
        }
        self->keyed_ = Keyed{attempt, started->created_at};
        work();
      });
}

void Exchange::refuse_running(Milliseconds most) {
  auto problem = mm::refuse(Code::idempotency_running).error;
  problem.retry_after_seconds = static_cast<int>(std::max<std::int64_t>(1, (most + Milliseconds{999}) / Seconds{1}));
  refuse(std::move(problem));
}

TicketId Exchange::stable_ticket_id() const {
  if (!keyed_) return TicketId::fresh(now());
  // A version 7 UUID with the time of the first attempt and a random part derived from the key, so all attempts agree.
  const auto bits = gateway().tokens.keyed_digest("ticket", keyed_->attempt.record);
  Uuid uuid;
  const auto ms = static_cast<std::uint64_t>(keyed_->created_at.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  for (std::size_t i = 6; i < 16; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(bits[i]);
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0F) | 0x70);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
  return TicketId(uuid);
}

void Exchange::replay(const std::string& stored) {
  const auto kept = wire::decode<StoredAnswer>(stored, wire::Unknown::ignored);
  if (!kept) return refuse(Problem{});
  HttpAnswer answer;
  answer.status = kept->status;
  answer.content_type = kept->content_type;
  answer.body = kept->body;
  if (kept->status >= 400) refused_ = wire::decode_problem(kept->body).code;
  if (kept->location) headers.emplace_back("Location", *kept->location);
  headers.emplace_back("Idempotency-Replayed", "true");
  finish(std::move(answer));
}

void Exchange::reply(int status, std::string json) {
  HttpAnswer answer;
  answer.status = status;
  if (status != 204) answer.body = std::move(json);
  reply(std::move(answer));
}

void Exchange::reply(HttpAnswer answer) {
  if (keyed_) return keep_and_finish(std::move(answer));
  finish(std::move(answer));
}

void Exchange::refuse(Problem problem) {
  auto answer = problem_answer(problem, trace.trace_id_text());
  refused_ = problem.code;
  if (problem.code == Code::rate_limited) gateway().metrics.rate_limited.add();
  reply(std::move(answer));
}

// The answer is stored before it is sent, so that a client that received an answer gets the same answer again.
void Exchange::keep_and_finish(HttpAnswer answer) {
  std::optional<std::string> kept;
  if (is_kept(answer.status)) {
    StoredAnswer stored;
    stored.status = answer.status;
    stored.content_type = answer.content_type;
    stored.body = answer.body;
    for (const auto& [name, value] : headers) {
      if (name == "Location") stored.location = value;
    }
    kept = wire::encode(stored);
  }
  shard.keyed.finish(keyed_->attempt, now(), kept, [self = shared_from_this(), answer = std::move(answer)]() mutable {
    self->finish(std::move(answer));
  });
}

void Exchange::admit(SocketAdmission admission) {
  HttpAnswer answer;
  answer.status = 101;
  add_headers(answer);
  record(101);
  admission.headers = std::move(answer.headers);
  if (auto respond = std::exchange(respond_, nullptr)) respond(Outcome{{}, std::move(admission)});
}

void Exchange::finish(HttpAnswer answer) {
  if (!respond_) return;
  add_headers(answer);
  record(answer.status);
  std::exchange(respond_, nullptr)(Outcome{std::move(answer), std::nullopt});
}

void Exchange::add_headers(HttpAnswer& answer) const {
  auto& out = answer.headers;
  out.emplace_back("X-Request-Id", request_id.empty() ? trace.trace_id_text() : request_id);
  out.emplace_back("traceparent", trace.traceparent());
  out.emplace_back("X-Content-Type-Options", "nosniff");
  const auto named = [&](std::string_view name) {
    return std::any_of(out.begin(), out.end(), [&](const auto& field) { return field.first == name; }) ||
           std::any_of(headers.begin(), headers.end(), [&](const auto& field) { return field.first == name; });
  };
  if (!named("Cache-Control")) out.emplace_back("Cache-Control", "no-store");
  const auto quota = quota_of(route != nullptr ? route->cost : Cost::read);
  const auto known = allowance.value_or(Allowance{true, quota.capacity, quota.capacity, 0, 0});
  out.emplace_back("RateLimit", "limit=" + std::to_string(known.limit) + ", remaining=" +
                                    std::to_string(known.remaining) + ", reset=" + std::to_string(known.reset_seconds));
  out.emplace_back("RateLimit-Policy", std::to_string(known.limit) + ";w=" + std::to_string(quota.window.count()));
  out.insert(out.end(), headers.begin(), headers.end());
}

void Exchange::record(int status) const {
  const auto& metrics = gateway().metrics;
  const bool known = route != nullptr && !metrics.by_route.empty();
  auto series = known ? metrics.by_route[static_cast<std::size_t>(route - gateway().routes.data())] : metrics.unmatched;
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  series.seconds.observe(seconds);
  series.answered[static_cast<std::size_t>(std::clamp(status / 100, 2, 5) - 2)].add();
  const trace::Scope scope(trace);
  const auto path = known ? route->path : std::string_view("none");
  // The route is logged instead of the target, because a client may have put secrets into the target.
  if (!refused_) {
    return log::debug("request_answered",
                      {{"method", request.method}, {"route", path}, {"status", status}, {"ms", seconds * 1000}});
  }
  const auto line = status >= 500 ? log::warning : log::info;
  const auto player = principal.player ? principal.player->player.to_string() : std::string();
  line("request_refused", {{"method", request.method},
                           {"route", path},
                           {"status", status},
                           {"code", info(*refused_).name},
                           {"player_id", player},
                           {"ms", seconds * 1000}});
}

}  // namespace mm::gateway
