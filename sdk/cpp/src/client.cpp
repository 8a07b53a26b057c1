#include "matchmaker/client.h"

#include <cpprest/base_uri.h>

#include "src/client_impl.h"

namespace matchmaker {
namespace {

std::string encoded(const std::string& text) { return web::uri::encode_data_string(text); }

/// ?name=value&… of the values that are given.
std::string query(std::initializer_list<std::pair<const char*, std::string>> parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    text += text.empty() ? '?' : '&';
    text += name;
    text += '=' + encoded(value);
  }
  return text;
}

JsonBody queue_body(const QueueOptions& options) {
  JsonBody body;
  body.set("mode", options.mode).set_given("region", options.region);
  if (options.team_size != 0) body.set("team_size", options.team_size);
  if (!options.latencies_ms.empty()) {
    auto latencies = web::json::value::object();
    for (const auto& [region, ms] : options.latencies_ms) latencies[region] = web::json::value::number(ms);
    body.put("latencies", std::move(latencies));
  }
  return body;
}

Call get(std::string target) { return {"GET", std::move(target), {}, true, false}; }
Call post(std::string target, std::string body = "{}") { return {"POST", std::move(target), std::move(body), true, false}; }
Call create(std::string target, std::string body) { return {"POST", std::move(target), std::move(body), true, true}; }
Call remove(std::string target) { return {"DELETE", std::move(target), {}, true, false}; }
Call patch(std::string target, std::string body) { return {"PATCH", std::move(target), std::move(body), true, false}; }

std::string party_path(const std::string& party_id, const char* rest = "") { return "/v1/party/" + encoded(party_id) + rest; }
std::string player_body(const std::string& player_id) { return JsonBody().set("player_id", player_id).text(); }

}  // namespace

Client::Impl::Impl(ClientOptions options_in, std::unique_ptr<Transport> transport_in)
    : options(std::move(options_in)), transport(std::move(transport_in)), random(std::random_device{}()) {}

Client::Impl::~Impl() {
  // First: completions that arrive from now on are dropped, so none meets a dead client.
  mailbox->close();
  socket.reset();
}

int Client::Impl::tick() {
  auto letters = mailbox->take();
  for (auto& letter : letters) letter();
  if (wants_socket && !socket && Clock::now() >= reconnect_at) open_socket();
  if (socket_open && !renewing && renewal_due()) renew();
  return static_cast<int>(letters.size());
}

Client::Client(ClientOptions options) : Client(options, make_transport(options.gateway_url, options.request_timeout)) {}
Client::Client(ClientOptions options, std::unique_ptr<Transport> transport)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(transport))) {}
Client::~Client() = default;

int Client::tick() { return impl_->tick(); }

int Client::wait(std::chrono::milliseconds most) {
  impl_->mailbox->wait(most);
  return impl_->tick();
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
  impl_->call({"POST", "/v1/auth/login", body.text(), false, false}, [this, done = std::move(done)](HttpAnswer answer) {
    if (auto error = Impl::error_of(answer)) return done(*error);
    const auto json = Json::parse(answer.body);
    if (!json) return done(Impl::protocol_error("the answer is no JSON"));
    impl_->accept_tokens(*json);
    done(Done{});
  });
}

void Client::logout(Callback<Done> done) {
  disconnect();
  const auto body = JsonBody().set("refresh_token", impl_->refresh_token).text();
  impl_->request<Done>(post("/v1/auth/logout", body), [this, done = std::move(done)](Result<Done> result) {
    if (result) {
      impl_->access = {};
      impl_->refresh_token.clear();
    }
    done(std::move(result));
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
  std::error_code error;
  auto value = web::json::value::parse(json, error);
  if (error) {
    impl_->post([done = std::move(done)] {
      Error refused;
      refused.kind = ErrorKind::invalid;
      refused.code = "invalid_fields";
      refused.fields.push_back({"/preferences", "is no JSON"});
      done(refused);
    });
    return;
  }
  impl_->request(patch("/v1/profile/me", JsonBody().put("preferences", std::move(value)).text()), std::move(done));
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
void Client::active(Callback<Active> done) { impl_->request(get("/v1/matchmaking/active"), std::move(done)); }

void Client::match(const std::string& match_id, Callback<Match> done) {
  impl_->request(get("/v1/session/" + encoded(match_id)), std::move(done));
}

void Client::history(const HistoryQuery& ask, Callback<HistoryPage> done) {
  impl_->request(get("/v1/matches/history" + query({{"player_id", ask.player_id}, {"mode", ask.mode},
                                                    {"limit", std::to_string(ask.limit)}, {"cursor", ask.cursor}})),
                 std::move(done));
}

void Client::leaderboard(const LeaderboardQuery& ask, Callback<LeaderboardPage> done) {
  const auto season = ask.season.empty() ? std::string() : "/" + encoded(ask.season);
  auto call = get("/v1/leaderboard" + season + query({{"mode", ask.mode}, {"region", ask.region},
                                                       {"limit", std::to_string(ask.limit)}, {"cursor", ask.cursor}}));
  call.needs_login = logged_in();  // open to anyone; with a login it tells your_rank
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
