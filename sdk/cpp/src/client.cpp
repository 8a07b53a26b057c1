#include "matchmaker/client.h"

#include <algorithm>
#include <cmath>

#include "src/client_impl.h"

namespace matchmaker {
namespace {

// Limits of the pauses between reconnects. Options outside these limits are changed to the nearest limit.
constexpr std::chrono::milliseconds kMinPause{1};
constexpr std::chrono::milliseconds kMaxPause{3'600'000};
// Limit of wait(). A longer wait could overflow the clock.
constexpr std::chrono::milliseconds kMaxWait{86'400'000};

/// Percent-encodes all characters except the unreserved characters of RFC 3986.
std::string encoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  static const std::string kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (char c : text) {
    if (kUnreserved.find(c) != std::string::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

/// Returns ?name=value&… without the parameters that have an empty value.
std::string query(std::initializer_list<std::pair<const char*, std::string>> parameters) {
  std::string text;
  for (const auto& parameter : parameters) {
    if (parameter.second.empty()) continue;
    text += text.empty() ? '?' : '&';
    text += parameter.first;
    text += '=' + encoded(parameter.second);
  }
  return text;
}

JsonBody queue_body(const QueueOptions& options) {
  JsonBody body;
  body.set("mode", options.mode).set_given("region", options.region);
  if (options.team_size != 0) body.set("team_size", options.team_size);
  if (!options.latencies_ms.empty()) {
    auto latencies = JsonValue::object();
    for (const auto& latency : options.latencies_ms) {
      // An infinite latency or a NaN counts as not measured.
      if (std::isfinite(latency.second)) latencies[latency.first] = JsonValue::number(latency.second);
    }
    body.put("latencies", std::move(latencies));
  }
  return body;
}

Call get(std::string target) { return {"GET", std::move(target), {}, true, false}; }
Call post(std::string target, std::string body = "{}") {
  return {"POST", std::move(target), std::move(body), true, false};
}
Call create(std::string target, std::string body) { return {"POST", std::move(target), std::move(body), true, true}; }
Call remove(std::string target) { return {"DELETE", std::move(target), {}, true, false}; }
Call patch(std::string target, std::string body) { return {"PATCH", std::move(target), std::move(body), true, false}; }

std::string party_path(const std::string& party_id, const char* rest = "") {
  return "/v1/party/" + encoded(party_id) + rest;
}
std::string player_body(const std::string& player_id) { return JsonBody().set("player_id", player_id).text(); }

}  // namespace

Client::Impl::Impl(ClientOptions options_in, std::unique_ptr<Transport> transport_in)
    : options(std::move(options_in)), transport(std::move(transport_in)), random(std::random_device{}()) {
  options.reconnect_least = std::min(std::max(options.reconnect_least, kMinPause), kMaxPause);
  options.reconnect_most = std::min(std::max(options.reconnect_most, options.reconnect_least), kMaxPause);
}

void Client::Impl::end() {
  over = true;
  // Completions that arrive after this are dropped, so that none uses a destroyed client.
  tasks->close();
  wants_socket = false;
  close_socket();
}

int Client::Impl::tick() {
  const int ran = tasks->run();
  if (over) return ran;
  if (wants_socket && !socket && !refresh_token.empty() && Clock::now() >= reconnect_at) open_socket();
  if (socket_open && !renewing && renewal_due()) renew();
  return ran;
}

Client::Client(ClientOptions options) : Client(options, make_transport(options.gateway_url, options.request_timeout)) {}
Client::Client(ClientOptions options, std::unique_ptr<Transport> transport)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(transport))) {}
Client::~Client() { impl_->end(); }

int Client::tick() {
  const auto impl = impl_;
  return impl->tick();
}

int Client::wait(std::chrono::milliseconds most) {
  const auto impl = impl_;
  impl->tasks->wait(std::min(most, kMaxWait));
  return impl->tick();
}

Events& Client::events() { return impl_->events; }

void Client::register_account(const Registration& registration, Callback<Account> done) {
  JsonBody body;
  body.set("username", registration.username).set("email", registration.email).set("password", registration.password);
  body.set_given("region", registration.region).set_given("tenant", impl_->options.tenant);
  impl_->request<Account>({"POST", "/v1/auth/register", body.text(), false, true}, std::move(done));
}

void Client::login(const std::string& username, const std::string& password, Callback<Done> done) {
  JsonBody body;
  body.set("username", username).set("password", password).set_given("tenant", impl_->options.tenant);
  impl_->log_in({"POST", "/v1/auth/login", body.text(), false, false}, std::move(done));
}

void Client::login_with_refresh(const std::string& refresh_token, Callback<Done> done) {
  const auto body = JsonBody().set("refresh_token", refresh_token).text();
  impl_->log_in({"POST", "/v1/auth/refresh", body, false, false}, std::move(done));
}

void Client::logout(Callback<Done> done) {
  disconnect();
  const auto body = JsonBody().set("refresh_token", impl_->refresh_token).text();
  auto* impl = impl_.get();
  impl->request<Done>(post("/v1/auth/logout", body), [impl, done = std::move(done)](const Result<Done>& result) {
    if (result) impl->forget_tokens();
    impl->call_game(done, result);
  });
}

bool Client::logged_in() const { return !impl_->refresh_token.empty(); }
const std::string& Client::player_id() const { return impl_->access.player_id; }

void Client::my_profile(Callback<Profile> done) { impl_->request(get("/v1/profile/me"), std::move(done)); }
void Client::profile(const std::string& player_id, Callback<Profile> done) {
  impl_->request(get("/v1/profile/" + encoded(player_id)), std::move(done));
}
void Client::set_region(const std::string& region, Callback<Profile> done) {
  impl_->request(patch("/v1/profile/me", JsonBody().set("region", region).text()), std::move(done));
}

void Client::set_preferences(const std::string& json, Callback<Profile> done) {
  auto value = parse_json(json);
  if (!value) {
    HttpAnswer no_json;
    no_json.status = 422;
    no_json.body = R"({"code":"invalid_fields","errors":[{"pointer":"/preferences","detail":"is not valid JSON"}]})";
    return impl_->refuse(
        [done = std::move(done)](const HttpAnswer& answer) {
          if (done) done(Impl::to_result<Profile>(answer));
        },
        std::move(no_json));
  }
  impl_->request(patch("/v1/profile/me", JsonBody().put("preferences", *std::move(value)).text()), std::move(done));
}

void Client::create_party(const PartyOptions& options, Callback<Party> done) {
  JsonBody body;
  body.set("max_size", options.max_size).set_given("region", options.region).set("is_public", options.is_public);
  impl_->request(create("/v1/party", body.text()), std::move(done));
}
void Client::party(const std::string& party_id, Callback<Party> done) {
  impl_->request(get(party_path(party_id)), std::move(done));
}
void Client::join_party(const std::string& party_id, Callback<Party> done) {
  impl_->request(post(party_path(party_id, "/join")), std::move(done));
}
void Client::leave_party(const std::string& party_id, Callback<Done> done) {
  impl_->request(remove(party_path(party_id, "/leave")), std::move(done));
}
void Client::set_ready(const std::string& party_id, bool ready, Callback<ReadyState> done) {
  impl_->request(post(party_path(party_id, "/ready"), JsonBody().set("ready", ready).text()), std::move(done));
}
void Client::invite(const std::string& party_id, const std::string& player_id, Callback<Party> done) {
  impl_->request(post(party_path(party_id, "/invite"), player_body(player_id)), std::move(done));
}
void Client::invites(Callback<std::vector<Invitation>> done) {
  impl_->request(get("/v1/party/invites"), std::move(done));
}
void Client::decline_invite(const std::string& party_id, Callback<Done> done) {
  impl_->request(remove(party_path(party_id, "/invite")), std::move(done));
}
void Client::withdraw_invite(const std::string& party_id, const std::string& player_id, Callback<Done> done) {
  impl_->request(remove(party_path(party_id, "/invite") + query({{"player_id", player_id}})), std::move(done));
}
void Client::kick(const std::string& party_id, const std::string& player_id, Callback<Party> done) {
  impl_->request(post(party_path(party_id, "/kick"), player_body(player_id)), std::move(done));
}
void Client::promote(const std::string& party_id, const std::string& player_id, Callback<Party> done) {
  impl_->request(post(party_path(party_id, "/promote"), player_body(player_id)), std::move(done));
}
void Client::chat(const std::string& party_id, const std::string& text, Callback<Done> done) {
  impl_->request(post(party_path(party_id, "/chat"), JsonBody().set("text", text).text()), std::move(done));
}

void Client::enter_queue(const QueueOptions& options, Callback<Ticket> done) {
  impl_->request(create("/v1/matchmaking/queue", queue_body(options).text()), std::move(done));
}
void Client::enter_queue_as_party(const std::string& party_id, const QueueOptions& options, Callback<Ticket> done) {
  impl_->request(create("/v1/party/queue", queue_body(options).set("party_id", party_id).text()), std::move(done));
}
void Client::ticket(const std::string& ticket_id, Callback<Ticket> done) {
  impl_->request(get("/v1/matchmaking/queue/" + encoded(ticket_id)), std::move(done));
}
void Client::explain(const std::string& ticket_id, Callback<Explanation> done) {
  impl_->request(get("/v1/matchmaking/queue/" + encoded(ticket_id) + "/explain"), std::move(done));
}
void Client::leave_queue(const std::string& ticket_id, Callback<Done> done) {
  impl_->request(remove("/v1/matchmaking/queue/" + encoded(ticket_id)), std::move(done));
}
void Client::active(Callback<Active> done) {
  auto* impl = impl_.get();
  impl->request<Active>(get("/v1/matchmaking/active"), [impl, done = std::move(done)](const Result<Active>& active) {
    if (active) impl->deliver_missed(*active);
    impl->call_game(done, active);
  });
}

void Client::match(const std::string& match_id, Callback<Match> done) {
  impl_->request(get("/v1/session/" + encoded(match_id)), std::move(done));
}

void Client::history(const HistoryQuery& ask, Callback<HistoryPage> done) {
  impl_->request(get("/v1/matches/history" + query({{"player_id", ask.player_id},
                                                    {"mode", ask.mode},
                                                    {"limit", std::to_string(ask.limit)},
                                                    {"cursor", ask.cursor}})),
                 std::move(done));
}

void Client::leaderboard(const LeaderboardQuery& ask, Callback<LeaderboardPage> done) {
  const auto season = ask.season.empty() ? std::string() : "/" + encoded(ask.season);
  auto call = get(
      "/v1/leaderboard" + season +
      query(
          {{"mode", ask.mode}, {"region", ask.region}, {"limit", std::to_string(ask.limit)}, {"cursor", ask.cursor}}));
  call.needs_login = logged_in();  // needs no login; with a login the answer includes your_rank
  impl_->request(std::move(call), std::move(done));
}

void Client::connect() {
  impl_->wants_socket = true;
  if (!impl_->socket) impl_->reconnect_at = Impl::Clock::now();
}

void Client::disconnect() {
  impl_->wants_socket = false;
  impl_->close_socket();
}

bool Client::connected() const { return impl_->socket_open; }

}  // namespace matchmaker
