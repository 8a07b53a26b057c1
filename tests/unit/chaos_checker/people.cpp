// Players of a generated run: accounts, logins, sockets, parties.
#include <algorithm>

#include "tests/unit/chaos_checker/generated_run.h"

namespace mm::chaos {

void GeneratedRun::register_players() {
  for (int i = 0; i < shape_.players; ++i) {
    auto& player = players_.emplace_back();
    player.id = "player-" + std::to_string(i);
    player.name = "Name" + std::to_string(i);
    const std::int64_t at = now_ms_ + i * 3;
    const Json asked = Json().text("name", player.name);
    const Json answer = Json().number("status", 201).text("player", player.id);
    // The first attempt did its work, and the answer was lost: the repetition with the key gets the stored answer.
    if (shape_.faults && one_in(5)) run_.lost("bots", "register", at, asked);
    run_.call("bots", "register", at + 1, at + 40, "ok", asked, answer);
    if (one_in(10)) {
      const Json other = Json().number("status", 409).text("code", "username_taken");
      run_.call("bots", "register", at + 41, at + 50, "fail", Json().text("name", "nAME" + std::to_string(i)), other);
    }
    player.token = player.id + ".token-0";
    run_.call("bots", "login", at + 60, at + 90, "ok", asked,
              Json().number("status", 200).text("player", player.id).text("token", player.token));
    if (one_in(10)) {
      run_.call("bots", "login", at + 91, at + 99, "fail", Json().text("name", player.name).flag("wrong", true),
                Json().number("status", 401).text("code", "invalid_credentials"));
    }
    run_.row("profile.account", Json()
                                    .text("player_id", player.id)
                                    .text("tenant", "default")
                                    .text("username_key", "name" + std::to_string(i))
                                    .text("email", player.id + "@example.com"));
    connect(player, at + 100);
    player.free_at = at + 200;
  }
  now_ms_ += shape_.players * 3 + 300;
}

void GeneratedRun::connect(Player& player, std::int64_t at_ms) {
  const bool resumed = player.frame > 0 && one_in(2);
  if (!resumed && player.frame > 0) player.frame += between(0, 3);  // frames that nobody was there to receive
  run_.call("bots", "connect", at_ms, at_ms + 5, "ok", Json().text("player", player.id),
            Json().flag("resumed", resumed).number("seq", player.frame));
}

void GeneratedRun::frame(Player& player, std::int64_t at_ms, const std::string& type, const std::string& match) {
  if (one_in(20)) {
    run_.fact("bots", "frame", at_ms, Json().text("player", player.id).text("type", "pong").number("seq", 0));
  }
  if (one_in(50)) {  // a frame was lost on the way, and a new welcome came instead
    player.frame += 2;
    run_.fact(
        "bots", "frame", at_ms,
        Json().text("player", player.id).text("type", "welcome").number("seq", player.frame).text("match", match));
    return;
  }
  run_.fact("bots", "frame", at_ms,
            Json().text("player", player.id).text("type", type).number("seq", ++player.frame).text("match", match));
}

void GeneratedRun::refresh(Player& player, std::int64_t at_ms) {
  const auto child = player.id + ".token-" + std::to_string(++player.tokens);
  const Json asked = Json().text("player", player.id).text("parent", player.token);
  const Json answer = Json().number("status", 200).text("child", child);
  if (shape_.faults && one_in(3)) run_.lost("bots", "refresh", at_ms - 1, asked);
  run_.call("bots", "refresh", at_ms, at_ms + 5, "ok", asked, answer);
  // The same parent again, within the grace period and before its child was used.
  if (one_in(3)) run_.call("bots", "refresh", at_ms + 10, at_ms + 14, "ok", asked, answer);
  const auto parent = player.token;
  player.token = child;
  if (!one_in(8)) return;
  // Reuse is noticed: the family ends, and the player logs in again.
  const Json refused = Json().number("status", 401).text("code", "invalid_refresh_token");
  run_.call("bots", "refresh", at_ms + 15'000, at_ms + 15'004, "fail",
            Json().text("player", player.id).text("parent", parent), refused);
  run_.call("bots", "refresh", at_ms + 15'010, at_ms + 15'014, "fail",
            Json().text("player", player.id).text("parent", child), refused);
  player.token = player.id + ".token-" + std::to_string(++player.tokens);
  run_.call("bots", "login", at_ms + 15'020, at_ms + 15'040, "ok", Json().text("name", player.name),
            Json().text("player", player.id).text("token", player.token));
  player.free_at = std::max(player.free_at, at_ms + 16'000);
}

void GeneratedRun::log_out_and_in(Player& player, std::int64_t at_ms) {
  run_.fact("bots", "disconnect", at_ms, Json().text("player", player.id).number("code", 4401));
  const Json asked = Json().text("player", player.id).text("token", player.token);
  run_.call("bots", "logout", at_ms, at_ms + 5, shape_.faults && one_in(4) ? "info" : "ok", asked);
  run_.call("bots", "refresh", at_ms + 20, at_ms + 25, "fail",
            Json().text("player", player.id).text("parent", player.token),
            Json().number("status", 401).text("code", "invalid_refresh_token"));
  player.token = player.id + ".token-" + std::to_string(++player.tokens);
  run_.call("bots", "login", at_ms + 3'000, at_ms + 3'030, "ok", Json().text("name", player.name),
            Json().text("player", player.id).text("token", player.token));
  connect(player, at_ms + 3'040);
  player.free_at = at_ms + 3'100;
}

std::string GeneratedRun::make_party(std::size_t leader, std::size_t member, std::int64_t at_ms) {
  const auto party = "party-" + std::to_string(++parties_);
  const auto& first = players_[leader].id;
  const auto& second = players_[member].id;
  const auto shown = [&](std::int64_t version, const std::vector<std::string>& members) {
    return Json().text("party", party).number("version", version).text("leader", first).texts("members", members);
  };
  const auto asks = [&](const std::string& player) { return Json().text("player", player).text("party", party); };
  const auto key = "key-" + std::to_string(++keys_);
  run_.call("bots", "party_create", at_ms, at_ms + 5, "ok", Json().text("player", first).text("key", key),
            shown(1, {first}));
  const auto join_key = "key-" + std::to_string(++keys_);
  const Json join = asks(second).text("key", join_key);
  const bool repeated = shape_.faults && one_in(3);
  if (repeated) run_.lost("bots", "party_join", at_ms + 10, join);
  if (!repeated) run_.call("bots", "party_join", at_ms + 10, at_ms + 15, "ok", join, shown(2, {first, second}));
  run_.call("bots", "party_ready", at_ms + 20, at_ms + 25, "ok", asks(first), Json().text("party", party));
  run_.call("bots", "party_get", at_ms + 27, at_ms + 29, "ok", asks(first), shown(3, {first, second}));
  // The stored answer of the first attempt is older than what others have seen meanwhile.
  if (repeated) run_.call("bots", "party_join", at_ms + 30, at_ms + 35, "ok", join, shown(2, {first, second}));
  run_.call("bots", "party_ready", at_ms + 40, at_ms + 45, "ok", asks(second), Json().text("party", party));
  return party;
}

void GeneratedRun::read_history(Player& player, std::int64_t at_ms) {
  std::vector<std::string> shown;
  for (auto entry = player.history.rbegin(); entry != player.history.rend(); ++entry) {
    // A match whose transaction has not committed is not shown yet, although its row has the time of the beginning.
    const bool uncommitted = shown.empty() && entry->first > at_ms - 2'000 && one_in(2);
    if (entry->first <= at_ms && !uncommitted) shown.push_back(entry->second);
  }
  std::int64_t page_before = -1;
  for (std::size_t from = 0; from == 0 || from < shown.size(); from += 5) {
    const auto to = std::min(shown.size(), from + 5);
    const auto page = static_cast<std::int64_t>(100'000'000 + ++pages_);
    Json asked = Json().text("player", player.id);
    if (page_before >= 0) asked.number("after", page_before);
    run_.line("bots", page, "history", "invoke", at_ms, asked);
    if (one_in(20)) return;
    const std::vector<std::string> matches(shown.begin() + static_cast<std::ptrdiff_t>(from),
                                           shown.begin() + static_cast<std::ptrdiff_t>(to));
    run_.line("bots", page, "history", "ok", at_ms + 4,
              Json().texts("matches", matches).flag("more", to < shown.size()));
    page_before = page;
  }
}

}  // namespace mm::chaos
