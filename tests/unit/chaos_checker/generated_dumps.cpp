// The dumps and the faults of a generated run.
#include <algorithm>

#include "common/wire/json.h"
#include "tests/unit/chaos_checker/generated_run.h"

namespace mm::chaos {
namespace {

std::int64_t wall(std::int64_t ms) { return kEpochMs + ms; }

std::string quoted(const std::string& text) {
  json::Writer writer;
  writer.string(text);
  return writer.take();
}

}  // namespace

void GeneratedRun::event(const std::string& stream, const std::string& subject, const std::string& message_id,
                         const Json& body, std::int64_t at_ms, const std::string& outbox) {
  auto& sequence = sequences_[stream == "MATCH" ? 0 : 1];
  run_.message(stream, ++sequence, at_ms, subject, message_id, body.str());
  if (shape_.faults && one_in(30)) run_.message(stream, ++sequence, at_ms + 900, subject, message_id, body.str());
  // The tap misses some events and hears others twice.
  const auto copies = one_in(10) ? random_() % 3 : 1;
  for (unsigned i = 0; i < copies; ++i) {
    run_.fact("tap", "event", at_ms + 2,
              Json()
                  .text("subject", subject)
                  .text("msg_id", message_id)
                  .raw("body", one_in(2) ? quoted(body.str()) : body.str()));
  }
  if (outbox.empty()) return;
  run_.row(outbox + ".outbox", Json()
                                   .text("message_id", message_id)
                                   .text("subject", subject)
                                   .text("sent_under", "NATS1")
                                   .text("created_at", time_text(wall(at_ms - 4))));
}

void GeneratedRun::close(const Ticket& ticket, const std::string& reason, std::int64_t at_ms) {
  std::vector<std::string> ids;
  for (const auto player : ticket.players) ids.push_back(players_[player].id);
  event("TICKET", "ticket.closed", ticket.id + "." + std::to_string(ticket.attempt) + ".closed",
        Json().text("ticket_id", ticket.id).text("reason", reason).texts("players", ids), at_ms + 20, "");
}

void GeneratedRun::store_ticket(const Ticket& ticket, const std::string& state, const Match* match,
                                const std::string& mode, int team_size, std::int64_t ended_ms,
                                const std::string& region) {
  std::string players;
  for (const auto player : ticket.players) {
    if (!players.empty()) players += ',';
    players += players_[player].id + "|1500|350";
  }
  // Redis has only texts.
  Json key = Json().text("state", state).text("players", players).text("mode", mode).text("region", region);
  key.text("size", std::to_string(team_size))
      .text("party", ticket.party)
      .text("attempt", std::to_string(ticket.attempt));
  key.text("queued_at", std::to_string(wall(ticket.queued_ms))).text("ended_at", std::to_string(wall(ended_ms)));
  if (match != nullptr) key.text("match_id", match->id).text("matched_at", std::to_string(wall(match->found_ms)));
  run_.key("ticket:" + ticket.id, "hash", key.str());
}

void GeneratedRun::store_match(const Match& match, const std::string& state, const std::string& reason) {
  Json row = Json()
                 .text("match_id", match.id)
                 .text("tenant", "default")
                 .text("mode", match.mode)
                 .text("region", "eu-west")
                 .text("source", "queue")
                 .number("team_size", match.team_size)
                 .raw("roster", roster(match))
                 .text("state", state)
                 .raw("requeue", match.requeue)
                 .text("found_at", time_text(wall(match.found_ms)))
                 .text("ended_at", time_text(wall(match.ended_ms)))
                 .flag("released", true);
  if (!reason.empty()) row.text("reason", reason);
  if (state == "completed") row.text("result_hash", "stored-" + match.id);
  if (match.ready_ms >= 0) row.text("server_id", match.server).text("ready_at", time_text(wall(match.ready_ms)));
  run_.row("session.match", row);
  Json allocation = Json().text("match_id", match.id).text("state", "released");
  allocation.text("released_at", time_text(wall(match.ended_ms + 100)));
  if (match.ready_ms >= 0) {
    allocation.text("server_id", match.server).number("slot", match.slot % 64);
    allocation.text("allocated_at", time_text(wall(match.ready_ms)));
  }
  run_.row("orchestrator.allocation", allocation);
}

void GeneratedRun::write_faults() {
  if (!shape_.faults) return;
  for (int i = 0; i < 3; ++i) {
    const auto begin = between(2'000, std::max<std::int64_t>(3'000, end_ms_ - 120'000));
    const auto id = std::string(i == 0 ? "F02" : i == 1 ? "F11" : "F37") + " " + std::to_string(i);
    run_.fact("campaign", "fault_begin", begin, Json().text("fault", id).text("target", "matchmaker"));
    run_.fact("campaign", "fault_end", begin + 2'000, Json().text("fault", id).number("bound_ms", 3'000));
    run_.fact("campaign", "ready", begin + 2'500, Json().text("daemon", "matchmaker"));
    run_.add("logs/matchmaker-" + std::to_string(i % 2) + ".log",
             Json()
                 .text("time", time_text(wall(begin + 500)))
                 .text("event", "partition_taken")
                 .text("tenant", "default")
                 .number("partition", 4)
                 .text("token", std::to_string(100 + begin) + ":address-" + std::to_string(i)));
  }
}

void GeneratedRun::write_final_tables() {
  std::int64_t ranked = 0;
  for (const auto& player : players_) {
    const auto row = [&](const std::string& mode, std::int64_t mmr, std::int64_t games, std::int64_t wins,
                         std::int64_t losses, std::int64_t draws) {
      if (games == 0) return;
      run_.row("profile.rating", Json()
                                     .text("tenant", "default")
                                     .text("player_id", player.id)
                                     .text("mode", mode)
                                     .number("mmr", mmr)
                                     .number("games", games)
                                     .number("wins", wins)
                                     .number("losses", losses)
                                     .number("draws", draws));
    };
    row("duel", player.mmr, player.games, player.wins, player.losses, player.draws);
    row("casual", 150'000, player.casual_games, player.casual_wins, player.casual_losses, player.casual_draws);
    if (player.games == 0) continue;
    ++ranked;
    for (const std::int64_t board : {1, 2}) {
      run_.row("leaderboard.standing", Json()
                                           .number("board_id", board)
                                           .text("player_id", player.id)
                                           .number("mmr", player.mmr)
                                           .number("wins", player.wins)
                                           .number("losses", player.losses)
                                           .number("draws", player.draws));
    }
  }
  for (const std::int64_t board : {1, 2}) {
    run_.row("leaderboard.board", Json()
                                      .number("board_id", board)
                                      .text("tenant", "default")
                                      .text("season", "s1")
                                      .text("mode", "duel")
                                      .text("region", board == 1 ? "" : "eu-west")
                                      .number("players", ranked));
  }
  run_.key("epoch", "string", "\"1000000000\"");
  run_.key("lease:4", "hash", Json().text("token", "900000000:address-1").text("beat", "3").str());
  run_.key("claim", "hash", "{}");
  run_.key("live", "hash", "{}");
  run_.key("unconfirmed", "zset", "[]");
  run_.key("outbox", "list", "[]");
  run_.files["dump/postgres/session.live_player.jsonl"] = {};
  run_.files["canaries.txt"] = {"canary-of-a-password"};
  for (const std::string daemon : {"gateway", "lobby"}) {
    run_.files["metrics/" + daemon + ".before"] = {"process_open_fds 20", "process_resident_memory_bytes 1e8"};
    run_.files["metrics/" + daemon + ".after"] = {"process_open_fds 21", "process_resident_memory_bytes 1.05e8"};
  }
  run_.files["logs/gateway.log"] = {R"({"event":"request_refused","code":"not_found"})"};
}

}  // namespace mm::chaos
