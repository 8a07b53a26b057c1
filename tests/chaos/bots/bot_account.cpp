// Accounts, logins and tokens of a bot, and what it reads about itself.
#include <string>

#include "common/contracts/leaderboard.h"
#include "common/security/secrets.h"
#include "services/gateway/api/messages.h"
#include "tests/chaos/bots/bot.h"

namespace mm::chaos {
namespace {

/// The player of an access token, from its claims.
std::string player_in(const std::string& access) {
  const auto first = access.find('.');
  const auto last = access.rfind('.');
  if (first == std::string::npos || first == last) return {};
  const auto claims = security::base64url_decode(std::string_view(access).substr(first + 1, last - first - 1));
  const auto document = json::Document::parse(claims.value_or(""));
  if (!document || !document->root().is(json::Kind::object)) return {};
  const auto subject = document->root().find("sub");
  return subject && subject->is(json::Kind::string) ? std::string(subject->string()) : std::string();
}

Fields read_registered(const HttpAnswer& answer) {
  const auto made = read_as<RegisteredPlayer>(answer);
  return made ? Fields().add("player", made->player_id) : malformed();
}

Fields read_login(const HttpAnswer& answer) {
  const auto pair = read_as<gateway::TokenPair>(answer);
  if (!pair) return malformed();
  return Fields()
      .add("player", player_in(pair->access_token))
      .add("token", hash_of(pair->refresh_token))
      .add("access", hash_of(pair->access_token));
}

Fields read_child(const HttpAnswer& answer) {
  const auto pair = read_as<gateway::TokenPair>(answer);
  return pair ? Fields().add("child", hash_of(pair->refresh_token)).add("access", hash_of(pair->access_token))
              : malformed();
}

Fields read_profile(const HttpAnswer& answer) {
  const auto profile = read_as<Profile>(answer);
  if (!profile) return malformed();
  std::map<std::string, int> mmr;
  std::map<std::string, std::int64_t> games;
  for (const auto& [mode, rating] : profile->ratings) {
    mmr[mode] = rating.mmr;
    games[mode] = rating.games;
  }
  return Fields().add("mmr", mmr).add("games", games);
}

Fields read_page(const HttpAnswer& answer) {
  const auto page = read_as<HistoryPage>(answer);
  if (!page) return malformed();
  std::vector<MatchId> matches;
  for (const auto& entry : page->matches) matches.push_back(entry.match_id);
  return Fields().add("matches", matches).add("more", page->next_cursor.has_value());
}

Fields read_standings(const HttpAnswer& answer) {
  const auto page = read_as<LeaderboardPage>(answer);
  if (!page) return malformed();
  std::vector<PlayerId> players;
  for (const auto& entry : page->entries) players.push_back(entry.player_id);
  return Fields().add("season", page->season).add("total", page->total).add("players", players);
}

Fields read_state(const HttpAnswer& answer) {
  const auto state = read_as<gateway::ActiveState>(answer);
  if (!state) return malformed();
  Fields fields;
  if (state->party) fields.add("party", state->party->party_id).add("version", state->party->version);
  if (state->ticket) fields.add("ticket", state->ticket->ticket_id).add("ticket_state", state->ticket->status);
  if (state->match) fields.add("match", state->match->match_id).add("match_state", state->match->status);
  return fields;
}

}  // namespace

void Bot::sign_up() {
  Fields body;
  body.add("username", name_).add("email", name_ + "@example.com").add("password", password_).add("region", region_);
  auto operation = writing("register", "POST", "/v1/auth/register", body);
  operation.fields = Fields().add("name", name_).add("region", region_).add("key", operation.request.key);
  operation.read = read_registered;
  start(std::move(operation), [this](const Outcome& outcome) {
    // `username_taken`: an attempt with an unknown outcome had succeeded, and its answer is no longer kept.
    registered_ = outcome.ok() || outcome.code == "username_taken";
    if (const auto made = outcome.ok() ? read_as<RegisteredPlayer>(outcome.answer) : std::nullopt)
      player_ = made->player_id.to_string();
  });
}

void Bot::log_in() {
  auto operation =
      writing("login", "POST", "/v1/auth/login", Fields().add("username", name_).add("password", password_));
  operation.fields.add("name", name_);
  operation.read = read_login;
  start(std::move(operation), [this](const Outcome& outcome) {
    if (!outcome.ok()) return;
    login_.emplace();
    take_tokens(outcome.answer, outcome.number);
    if (!socket_ && !connecting_) connect_later(Milliseconds{0});
  });
}

void Bot::take_tokens(const HttpAnswer& answer, std::int64_t login_number) {
  const auto pair = read_as<gateway::TokenPair>(answer);
  access_refused_ = false;
  if (!pair) return login_.reset();
  if (player_.empty()) player_ = player_in(pair->access_token);
  login_->number = login_number;
  login_->access = pair->access_token;
  if (login_->refresh != pair->refresh_token) login_->spent = std::exchange(login_->refresh, pair->refresh_token);
}

void Bot::refresh() {
  const auto parent = login_->refresh;
  auto operation = writing("refresh", "POST", "/v1/auth/refresh", Fields().add("refresh_token", parent));
  operation.request.token.clear();
  operation.fields.add("parent", hash_of(parent));
  operation.read = read_child;
  if (world_.random.chance(0.1)) operation.copies = 2;
  start(std::move(operation), [this](const Outcome& outcome) {
    if (!login_) return;
    if (outcome.ok()) take_tokens(outcome.answer, login_->number);
    else if (outcome.answer.status == 401) login_.reset();
  });
}

// Within 10 s and while its child is unused, the answer is the same child. Otherwise the login ends.
void Bot::present_spent_token() {
  auto operation = writing("refresh", "POST", "/v1/auth/refresh", Fields().add("refresh_token", login_->spent));
  operation.request.token.clear();
  operation.fields.add("parent", hash_of(login_->spent)).add("spent", true);
  operation.read = read_child;
  start(std::move(operation), [this](const Outcome& outcome) {
    if (!login_) return;
    if (outcome.ok()) take_tokens(outcome.answer, login_->number);
    else if (outcome.answer.status == 401) login_.reset();
  });
}

void Bot::log_out() {
  auto operation = writing("logout", "POST", "/v1/auth/logout", Fields().add("refresh_token", login_->refresh));
  operation.fields.add("token", hash_of(login_->refresh));
  start(std::move(operation), [this](const Outcome& outcome) {
    if (!login_) return;
    if (outcome.ok()) {
      ended_access_ = login_->access;
      ended_login_ = login_->number;
      ended_at_ = std::chrono::steady_clock::now();
    }
    login_.reset();  // after an unknown outcome, too: the login may have ended
  });
}

void Bot::try_wrong_password() {
  const auto wrong = "canary-wrong-" + world_.random.hex();
  world_.plant(wrong);
  auto operation = writing("login", "POST", "/v1/auth/login", Fields().add("username", name_).add("password", wrong));
  operation.request.token.clear();
  operation.repeats = false;
  operation.fields.add("name", name_).add("wrong", true);
  operation.read = read_login;
  start(std::move(operation), [](const Outcome&) {});
}

// Must be refused: a login that has ended is denied at every gateway within a second.
void Bot::use_ended_access() {
  auto operation = reading("me", "/v1/profile/me");
  operation.fields = Fields().add("player", player_).add("login", ended_login_).add("ended", true);
  operation.request.token = std::exchange(ended_access_, {});
  operation.read = read_profile;
  start(std::move(operation), [](const Outcome&) {});
}

void Bot::read_me() {
  auto operation = reading("me", "/v1/profile/me");
  operation.read = read_profile;
  start(std::move(operation), [](const Outcome&) {});
}

void Bot::read_history() {
  const auto limit = world_.random.chance(0.5) ? 5 : 100;
  auto operation = reading("history", "/v1/matches/history?limit=" + std::to_string(limit));
  operation.fields.add("limit", limit);
  operation.read = read_page;
  start(std::move(operation), [this, limit](const Outcome& outcome) {
    const auto page = outcome.ok() ? read_as<HistoryPage>(outcome.answer) : std::nullopt;
    if (!page || !page->next_cursor || busy_ || !login_) return;
    auto next =
        reading("history", "/v1/matches/history?limit=" + std::to_string(limit) + "&cursor=" + *page->next_cursor);
    next.fields.add("limit", limit).add("after", outcome.number);
    next.read = read_page;
    start(std::move(next), [](const Outcome&) {});
  });
}

void Bot::read_top() {
  const auto& mode = world_.random.of(world_.modes).mode;
  auto operation = reading("top", "/v1/leaderboard?limit=20&mode=" + mode);
  operation.fields.add("mode", mode);
  operation.read = read_standings;
  start(std::move(operation), [](const Outcome&) {});
}

void Bot::read_active() {
  doubtful_ = false;
  auto operation = reading("active", "/v1/matchmaking/active");
  operation.read = read_state;
  start(std::move(operation), [this](const Outcome& outcome) {
    const auto state = outcome.ok() ? read_as<gateway::ActiveState>(outcome.answer) : std::nullopt;
    if (!state) return;
    const bool live = state->match && !is_over(state->match->status);
    adopt(state->party, state->ticket, live ? state->match->match_id.to_string() : std::string());
    if (!world_.draining) return;
    at_rest_ = !ticket_ && !match_ && std::chrono::steady_clock::now() >= unsettled_until_;
  });
}

}  // namespace mm::chaos
