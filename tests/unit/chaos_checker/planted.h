// For each invariant the smallest run that violates it.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/chaos_checker/run_folder.h"

namespace mm::chaos {

struct Planted {
  std::string invariant;
  std::string fault;  ///< what went wrong, as the name of the test case
  void (*plant)(RunFiles&);
};

std::vector<Planted> planted_tickets();
std::vector<Planted> planted_matches();
std::vector<Planted> planted_results();
std::vector<Planted> planted_logins();
std::vector<Planted> planted_events();
std::vector<Planted> planted_endings();

// What several of these runs have.
inline Json row_of_match(const std::string& match, const std::string& state, std::int64_t found_ms,
                         std::int64_t ended_ms, const std::string& roster) {
  Json row = Json().text("match_id", match).text("tenant", "default").text("mode", "duel").text("region", "eu-west");
  row.text("source", "queue").number("team_size", 1).text("state", state).raw("roster", roster);
  row.text("found_at", time_text(kEpochMs + found_ms)).flag("released", ended_ms >= 0);
  if (ended_ms >= 0) row.text("ended_at", time_text(kEpochMs + ended_ms));
  if (state == "completed") row.text("result_hash", "hash");
  return row;
}

/// Two teams of one player each; `first` and `second` are player ids, tickets are named after them.
inline std::string duel(const std::string& first, const std::string& second) {
  const auto team = [](const std::string& player) {
    return R"({"players":[{"player_id":")" + player + R"(","ticket_id":"t-)" + player + R"("}]})";
  };
  return array_of({team(first), team(second)});
}

inline void enqueue(RunFiles& run, const std::string& player, std::int64_t at_ms, const std::string& ticket) {
  run.call("bots", "enqueue", at_ms, at_ms + 5, "ok",
           Json().text("player", player).text("mode", "duel").text("region", "eu-west").text("key", "key-" + ticket),
           Json().text("ticket", ticket));
}

inline void ticket_key(RunFiles& run, const std::string& ticket, const std::string& state, const std::string& player,
                       const Json& more = {}) {
  Json key = Json().text("state", state).text("players", player + "|1500|350").text("mode", "duel");
  run.key("ticket:" + ticket, "hash", key.text("region", "eu-west").text("size", "1").also(more).str());
}

inline void quiesced(RunFiles& run, std::int64_t at_ms) { run.fact("campaign", "quiesced", at_ms); }

}  // namespace mm::chaos
