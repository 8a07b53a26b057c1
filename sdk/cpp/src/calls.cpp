// Calls over HTTP, and the login that they need. If the access token is about to expire, it is renewed before the call.
// An answer 401 renews the token once and repeats the call. Calls made during a renewal wait for its end.
#include "src/client_impl.h"

namespace matchmaker {
namespace {

constexpr int kUnauthorized = 401;
// Pause after a renewal that failed for a reason other than 401. Until then the current token is used; it may still be
// valid.
constexpr std::chrono::seconds kRenewalPause{5};

// A token is renewed when a fifth of its lifetime is left, so that a slow renewal ends before the token expires.
std::chrono::seconds time_to_renewal(std::int64_t lifetime_seconds) {
  constexpr std::int64_t kMaxSeconds = 30LL * 24 * 3600;
  return std::chrono::seconds(std::min(std::max<std::int64_t>(lifetime_seconds, 0), kMaxSeconds) * 4 / 5);
}

HttpRequest to_request(const Call& call, const std::string& token, const std::string& key) {
  HttpRequest request;
  request.method = call.method;
  request.target = call.target;
  request.body = call.body;
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
  return request;
}

// True for a text of visible ASCII characters, which can be sent in a header.
bool is_token(const std::string& text) {
  for (char c : text) {
    if (c <= 0x20 || c >= 0x7F) return false;
  }
  return !text.empty();
}

// The call as shown in the log, without the query, which may contain text that a player typed.
std::string name_of(const Call& call) { return call.method + " " + call.target.substr(0, call.target.find('?')); }

std::string outcome_of(const std::optional<Error>& error, int status) {
  if (!error) return std::to_string(status);
  std::string text = (status == 0 ? "" : std::to_string(status) + " ") + error->code;
  if (status == 0) text += " (" + error->detail + ")";
  if (!error->trace_id.empty()) text += ", trace " + error->trace_id;
  return text;
}

ErrorKind kind_of(int status) {
  switch (status) {
    case 401: return ErrorKind::unauthorized;
    case 403: return ErrorKind::forbidden;
    case 404: return ErrorKind::not_found;
    case 409: return ErrorKind::conflict;
    case 429: return ErrorKind::rate_limited;
    default: break;
  }
  if (status >= 500) return ErrorKind::unavailable;
  if (status >= 400) return ErrorKind::invalid;
  return ErrorKind::protocol;
}

// The error of an answer whose status is not 2xx.
Error read_error(int status, const std::string& body) {
  Error error;
  if (const auto json = parse_message(body)) {
    read(*json, error);
  } else {
    error.code = "protocol";
    error.detail = "status " + std::to_string(status) + " without a problem object";
  }
  error.kind = kind_of(status);
  error.http_status = status;
  return error;
}

}  // namespace

std::optional<Error> Client::Impl::error_of(const HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return std::nullopt;
  if (answer.status != 0) return read_error(answer.status, answer.body);
  Error error;
  error.kind = answer.refused ? ErrorKind::invalid : answer.timed_out ? ErrorKind::timeout : ErrorKind::network;
  error.code = answer.refused ? "invalid_address" : answer.timed_out ? "timeout" : "network";
  error.detail = answer.error;
  return error;
}

Error Client::Impl::protocol_error(const std::string& detail) {
  Error error;
  error.kind = ErrorKind::protocol;
  error.code = "protocol";
  error.detail = detail;
  return error;
}

void Client::Impl::refuse(Answered answered, HttpAnswer answer) {
  const auto id = ++last_id;
  pending.emplace(id, Pending{{}, std::move(answered), false, Clock::now()});
  tasks->post([this, id, answer = std::move(answer)] { arrived(id, answer); });
}

void Client::Impl::call(Call call, Answered answered) {
  if (!call.needs_login) return send(std::move(call), std::move(answered), false);
  if (refresh_token.empty()) {
    HttpAnswer none;
    none.status = kUnauthorized;
    none.body = R"({"code":"unauthorized","detail":"not logged in"})";
    return refuse(std::move(answered), std::move(none));
  }
  if (!renewing && !renewal_due()) return send(std::move(call), std::move(answered), true);
  after_renewal.push_back(
      [this, call = std::move(call), answered = std::move(answered)](bool) { send(call, answered, false); });
  if (!renewing) renew();
}

void Client::Impl::send(Call call, Answered answered, bool may_renew) {
  const auto key = call.creates ? random_key() : std::string();
  auto request = to_request(call, call.needs_login ? access.text : std::string(), key);
  const auto id = ++last_id;
  pending.emplace(id, Pending{std::move(call), std::move(answered), may_renew, Clock::now()});
  transport->send(std::move(request), [this, queue = tasks, id](HttpAnswer answer) {
    queue->post([this, id, answer = std::move(answer)] { arrived(id, answer); });
  });
}

void Client::Impl::arrived(std::uint64_t id, HttpAnswer answer) {
  const auto found = pending.find(id);
  if (found == pending.end()) return;  // the transport called the completion twice
  auto mine = std::move(found->second);
  pending.erase(found);
  if (!mine.call.method.empty()) {
    const auto error = error_of(answer);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - mine.began).count();
    log(error ? LogLevel::warning : LogLevel::debug,
        name_of(mine.call) + ": " + outcome_of(error, answer.status) + ", " + std::to_string(took) + " ms");
  }
  if (over) return;
  if (answer.status != kUnauthorized || !mine.may_renew || refresh_token.empty()) return mine.answered(answer);
  after_renewal.push_back([this, mine, answer](bool renewed) {
    if (!renewed) return mine.answered(answer);
    send(mine.call, mine.answered, false);
  });
  if (!renewing) renew();
}

void Client::Impl::log_in(Call what, Callback<Done> done) {
  call(std::move(what), [this, done = std::move(done)](const HttpAnswer& answer) {
    if (auto error = error_of(answer)) {
      // The service refused the token that the game had stored.
      if (error->code == "invalid_refresh_token" && refresh_token.empty())
        call_game(options.store_refresh_token, std::string());
      return call_game(done, Result<Done>(*error));
    }
    const auto before = access.player_id;
    if (!accept_tokens(answer)) return call_game(done, Result<Done>(protocol_error("the answer has no tokens")));
    if (access.player_id != before) {
      ends = {};
      last_seq = 0;
    }
    ends.logged_in = utc_text(access.issued_at_seconds);
    call_game(done, Result<Done>(Done{}));
  });
}

void Client::Impl::renew() {
  renewing = true;
  Call call{"POST", "/v1/auth/refresh", JsonBody().set("refresh_token", refresh_token).text(), false, false};
  send(
      std::move(call), [this](const HttpAnswer& answer) { renewed(answer); }, false);
}

void Client::Impl::renewed(const HttpAnswer& answer) {
  renewing = false;
  const bool ok = answer.status == 200 && accept_tokens(answer);
  if (ok) renew_socket_login();
  else if (answer.status == kUnauthorized) end_login();
  else renew_at = Clock::now() + kRenewalPause;
  std::deque<std::function<void(bool)>> waiting;
  waiting.swap(after_renewal);
  for (const auto& next : waiting) {
    if (over) return;
    next(ok);
  }
}

bool Client::Impl::accept_tokens(const HttpAnswer& answer) {
  const auto json = parse_message(answer.body);
  Tokens tokens;
  if (json) read(*json, tokens);
  if (!is_token(tokens.access_token) || !is_token(tokens.refresh_token)) return false;
  access = read_access_token(tokens.access_token);
  refresh_token = tokens.refresh_token;
  const auto lifetime = access.lifetime_seconds > 0 ? access.lifetime_seconds : tokens.expires_in;
  renew_at = Clock::now() + time_to_renewal(lifetime);
  call_game(options.store_refresh_token, refresh_token);
  return true;
}

void Client::Impl::forget_tokens() {
  access = {};
  refresh_token.clear();
  call_game(options.store_refresh_token, std::string());
}

void Client::Impl::end_login() {
  const bool had_socket = wants_socket;
  close_socket();
  wants_socket = false;
  forget_tokens();
  log(LogLevel::warning, "the login has ended");
  call_game(events.login_ended);
  if (had_socket) call_game(events.disconnected, std::string("the login has ended"));
}

std::string Client::Impl::random_key() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string key;
  for (int i = 0; i < 2; ++i) {
    auto bits = random();
    for (int digit = 0; digit < 16; ++digit, bits >>= 4) key += kHex[bits & 15];
  }
  return key;
}

}  // namespace matchmaker
