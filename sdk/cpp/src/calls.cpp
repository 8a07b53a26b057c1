// Calls over HTTP, and the login that they need: a token near its end is renewed first, an answer 401 renews once and
// tries again, and calls made meanwhile wait for the one renewal under way.
#include "src/client_impl.h"

namespace matchmaker {
namespace {

// Renewed when a fifth of the lifetime is left, so that a slow renewal is still in time.
std::chrono::seconds time_to_renewal(std::int64_t lifetime_seconds) {
  return std::chrono::seconds(lifetime_seconds * 4 / 5);
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

}  // namespace

std::optional<Error> Client::Impl::error_of(const HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) return std::nullopt;
  if (answer.status != 0) return read_error(answer.status, answer.body);
  Error error;
  error.kind = answer.timed_out ? ErrorKind::timeout : ErrorKind::network;
  error.code = answer.timed_out ? "timeout" : "network";
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

void Client::Impl::call(Call call, Answered answered) {
  if (!call.needs_login) return send(std::move(call), std::move(answered), false);
  if (refresh_token.empty()) {
    post([answered = std::move(answered)] {
      HttpAnswer none;
      none.status = 401;
      none.body = R"({"code":"unauthorized","detail":"not logged in"})";
      answered(none);
    });
    return;
  }
  if (!renewing && !renewal_due()) return send(std::move(call), std::move(answered), true);
  after_renewal.push_back([this, call = std::move(call), answered = std::move(answered)](bool) mutable {
    send(std::move(call), std::move(answered), false);
  });
  if (!renewing) renew();
}

void Client::Impl::send(Call call, Answered answered, bool may_renew) {
  const auto key = call.creates ? random_key() : std::string();
  auto request = to_request(call, call.needs_login ? access.text : std::string(), key);
  transport->send(std::move(request), [this, mail = mailbox, call = std::move(call), answered = std::move(answered),
                                       may_renew](HttpAnswer answer) mutable {
    mail->post([this, call = std::move(call), answered = std::move(answered), may_renew, answer = std::move(answer)]() mutable {
      if (answer.status != 401 || !may_renew || refresh_token.empty()) return answered(std::move(answer));
      after_renewal.push_back([this, call, answered, answer](bool renewed) mutable {
        if (!renewed) return answered(std::move(answer));
        send(std::move(call), std::move(answered), false);
      });
      if (!renewing) renew();
    });
  });
}

void Client::Impl::renew() {
  renewing = true;
  Call call{"POST", "/v1/auth/refresh", JsonBody().set("refresh_token", refresh_token).text(), false, false};
  send(std::move(call), [this](HttpAnswer answer) { renewed(answer); }, false);
}

void Client::Impl::renewed(const HttpAnswer& answer) {
  renewing = false;
  const auto json = Json::parse(answer.body);
  const bool ok = answer.status == 200 && json.has_value();
  if (ok) {
    accept_tokens(*json);
    renew_socket_login();
  } else if (answer.status == 401) {
    end_login();
  } else {
    // Not reachable now: the token may still be good; try again soon, within its last fifth.
    renew_at = Clock::now() + std::chrono::seconds(5);
  }
  for (auto& waiting : std::exchange(after_renewal, {})) waiting(ok);
}

void Client::Impl::accept_tokens(const Json& json) {
  access = read_access_token(json.text("access_token"));
  refresh_token = json.text("refresh_token");
  const auto lifetime = access.lifetime_seconds > 0 ? access.lifetime_seconds : json.integer("expires_in");
  renew_at = Clock::now() + time_to_renewal(lifetime);
}

void Client::Impl::end_login() {
  access = {};
  refresh_token.clear();
  const bool told = wants_socket;
  close_socket();
  wants_socket = false;
  if (events.login_ended) events.login_ended();
  if (told && events.disconnected) events.disconnected("the login has ended");
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
