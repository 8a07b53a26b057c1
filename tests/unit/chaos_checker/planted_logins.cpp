#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

void login(RunFiles& run, std::int64_t at_ms, const std::string& token, const std::string& player = "a") {
  run.call("bots", "login", at_ms, at_ms + 5, "ok", Json().text("name", "Name-" + player),
           Json().text("player", player).text("token", token));
}

void refresh(RunFiles& run, std::int64_t at_ms, const std::string& parent, const std::string& child) {
  const Json asked = Json().text("player", "a").text("parent", parent);
  const Json refused = Json().number("status", 401).text("code", "invalid_refresh_token");
  run.call("bots", "refresh", at_ms, at_ms + 5, child.empty() ? "fail" : "ok", asked,
           child.empty() ? refused : Json().text("child", child));
}

void logout(RunFiles& run, std::int64_t at_ms, const std::string& token) {
  run.call("bots", "logout", at_ms, at_ms + 5, "ok", Json().text("player", "a").text("token", token));
}

void token_has_two_children(RunFiles& run) {
  login(run, 1'000, "r0");
  refresh(run, 2'000, "r0", "r1");
  refresh(run, 2'100, "r0", "r2");
}

void token_is_accepted_after_its_child_was_used(RunFiles& run) {
  login(run, 1'000, "r0");
  refresh(run, 2'000, "r0", "r1");
  refresh(run, 2'100, "r1", "r2");
  refresh(run, 2'200, "r0", "r1");
}

void token_is_accepted_after_the_grace_period(RunFiles& run) {
  login(run, 1'000, "r0");
  refresh(run, 2'000, "r0", "r1");
  refresh(run, 14'000, "r0", "r1");
}

void family_lives_on_after_reuse(RunFiles& run) {
  login(run, 1'000, "r0");
  refresh(run, 2'000, "r0", "r1");
  refresh(run, 14'000, "r0", "");
  refresh(run, 14'100, "r1", "r2");
}

void refresh_after_logout(RunFiles& run) {
  login(run, 1'000, "r0");
  logout(run, 2'000, "r0");
  refresh(run, 2'100, "r0", "r1");
}

void request_after_logout(RunFiles& run) {
  login(run, 1'000, "r0");
  logout(run, 2'000, "r0");
  run.call("bots", "me", 9'000, 9'005, "ok", Json().text("player", "a"));
}

void name_has_two_accounts(RunFiles& run) {
  for (const std::string player : {"a", "b"}) {
    run.call("bots", "register", 1'000, 1'050, "ok", Json().text("name", player == "a" ? "Anna" : "anna"),
             Json().text("player", player));
  }
}

void acknowledged_account_is_lost(RunFiles& run) {
  run.call("bots", "register", 1'000, 1'050, "ok", Json().text("name", "Anna"), Json().text("player", "a"));
  run.files["dump/postgres/profile.account.jsonl"] = {};
}

void registered_player_cannot_log_in(RunFiles& run) {
  run.call("bots", "register", 1'000, 1'050, "ok", Json().text("name", "Anna"), Json().text("player", "a"));
  run.call("bots", "login", 2'000, 2'050, "fail", Json().text("name", "Anna"),
           Json().text("code", "invalid_credentials"));
}

void more_requests_than_the_limit(RunFiles& run) {
  run.add("run.json", Json().raw("settings", R"({"rate_limits":{"reads":10,"writes":30}})"));
  for (int i = 0; i < 13; ++i) {
    run.call("bots", "me", 1'000 + i * 100, 1'005 + i * 100, "ok", Json().text("player", "a"));
  }
}

}  // namespace

std::vector<Planted> planted_logins() {
  return {
      {"I22", "token has two children", token_has_two_children},
      {"I22", "accepted after its child was used", token_is_accepted_after_its_child_was_used},
      {"I22", "accepted after the grace period", token_is_accepted_after_the_grace_period},
      {"I22", "family lives on after reuse", family_lives_on_after_reuse},
      {"I23", "refresh after logout", refresh_after_logout},
      {"I23", "request after logout", request_after_logout},
      {"I24", "name has two accounts", name_has_two_accounts},
      {"I24", "acknowledged account is lost", acknowledged_account_is_lost},
      {"I24", "registered player cannot log in", registered_player_cannot_log_in},
      {"I25", "more requests than the limit", more_requests_than_the_limit},
  };
}

}  // namespace mm::chaos
