#include "demo/bot.h"

#include <utility>

namespace demo {

namespace mm = matchmaker;

Bot::Bot(const std::string& gateway_url, std::string name, std::string password)
    : client_({.gateway_url = gateway_url, .tenant = {}}), name_(std::move(name)), password_(std::move(password)) {
  watch_events();
}

void Bot::come_online() {
  mm::Registration registration{name_, name_ + "@example.com", password_, {}};
  client_.register_account(registration,
                           with_retries<mm::Account>(
                               "register", [this](const mm::Account&) { log_in(); }, [this] { come_online(); }));
}

void Bot::log_in() {
  client_.login(name_, password_,
                with_retries<mm::Done>(
                    "log in", [this](const mm::Done&) { client_.connect(); }, [this] { log_in(); }));
}

void Bot::watch_events() {
  auto& events = client_.events();
  events.connected = [this](const mm::Active&) {
    if (online_) return;  // a reconnect
    online_ = true;
    if (hooks_.online) hooks_.online();
  };
  events.match_found = [this](const mm::MatchFound& match) {
    match_id_ = match.match_id;
    if (hooks_.found) hooks_.found(match, Clock::now() - queued_at_);
  };
  events.queue_entered = [this](const mm::Ticket&) {
    // The other members of a party are notified by this event that their leader queued the party.
    queued_at_ = Clock::now();
    if (hooks_.queued) hooks_.queued();
  };
  events.session_ready = [this](const mm::SessionReady& session) { meet(session); };
  events.match_cancelled = [this](const mm::MatchCancelled& cancelled) {
    game_over_ = true;
    if (hooks_.cancelled) hooks_.cancelled(cancelled.match_id, cancelled);
  };
  events.match_completed = [this](const mm::MatchCompleted& completed) {
    game_over_ = true;
    if (hooks_.completed) hooks_.completed(completed);
  };
  events.rating_changed = [this](const mm::RatingChanged& change) {
    if (hooks_.rated) hooks_.rated(change);
  };
}

void Bot::enter_queue(const mm::QueueOptions& options) {
  client_.enter_queue(options, expect<mm::Ticket>("enter the queue", [](const mm::Ticket&) {}));
}

void Bot::enter_queue_as_party(const std::string& party_id, const mm::QueueOptions& options) {
  client_.enter_queue_as_party(party_id, options, expect<mm::Ticket>("queue the party", [](const mm::Ticket&) {}));
}

void Bot::meet(const mm::SessionReady& session) {
  const auto match = session.match_id;
  mm::GameConnection::Handlers handlers;
  handlers.joined = [this, match, endpoint = session.server_endpoint] {
    game_->send("\"good luck\"");
    if (hooks_.joined) hooks_.joined(match, endpoint);
  };
  handlers.closed = [this](int code, const std::string& why) {
    if (code == 1000 || game_over_) return;
    mm::Error error;
    error.code = "game_connection";
    error.detail = "closed with " + std::to_string(code) + " " + why;
    if (hooks_.failed) hooks_.failed(name_ + ": play", error);
  };
  game_over_ = false;
  game_ = std::make_unique<mm::GameConnection>(session.server_url, session.join_token, std::move(handlers));
}

int Bot::tick() {
  if (retry_ && Clock::now() >= retry_at_) std::exchange(retry_, nullptr)();
  int ran = client_.tick();
  if (game_) ran += game_->tick();
  return ran;
}

}  // namespace demo
