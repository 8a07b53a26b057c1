// Tickets and matches of a generated run.
#include "tests/unit/chaos_checker/generated_run.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace mm::chaos {
namespace {

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t kBusy = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxWaitMs = 60'000;
constexpr std::int64_t kGameMs = 3'000;

std::int64_t wall(std::int64_t ms) { return kEpochMs + ms; }

}  // namespace

GeneratedRun::GeneratedRun(const RunShape& shape) : shape_(shape), random_(shape.seed) {}

RunFiles GeneratedRun::make() {
  run_.add("run.json",
           Json()
               .number("seed", static_cast<std::int64_t>(shape_.seed))
               .raw("settings", Json().raw("max_wait", R"({"duel":60,"casual":60})").number("max_servers", 8).str()));
  register_players();
  run_.fact("campaign", "load_begin", now_ms_);
  while (matches_ < shape_.matches) {
    now_ms_ += between(20, 120);
    run_until(now_ms_);
    const auto dice = random_() % 100;
    if (dice < 60) {
      start_duel(now_ms_);
    } else if (dice < 75) {
      start_casual(now_ms_);
    } else if (dice < 82) {
      lonely_ticket(now_ms_);
    } else if (dice < 83) {
      time_out_ticket(now_ms_);
    } else {
      const auto chosen = free_player(now_ms_, {});
      if (chosen == kNobody) continue;
      if (dice < 92) refresh(players_[chosen], now_ms_);
      if (dice >= 92 && dice < 96) read_history(players_[chosen], now_ms_);
      if (dice >= 96) log_out_and_in(players_[chosen], now_ms_);
    }
  }
  run_until(kBusy);
  end_ms_ = std::max(end_ms_, now_ms_) + 100'000;
  write_faults();
  write_final_tables();
  run_.fact("campaign", "load_end", end_ms_ - 40'000);
  run_.fact("campaign", "quiesced", end_ms_);
  return std::move(run_);
}

void GeneratedRun::later(std::int64_t at_ms, std::function<void()> run) {
  due_.push({at_ms, ++order_, std::move(run)});
  end_ms_ = std::max(end_ms_, at_ms);
}

void GeneratedRun::run_until(std::int64_t at_ms) {
  while (!due_.empty() && due_.top().at_ms <= at_ms) {
    const auto due = due_.top();
    due_.pop();
    due.run();
  }
}

std::size_t GeneratedRun::free_player(std::int64_t at_ms, const std::vector<std::size_t>& without) {
  const auto first = random_() % players_.size();
  for (std::size_t i = 0; i < players_.size(); ++i) {
    const auto chosen = (first + i) % players_.size();
    if (players_[chosen].free_at > at_ms) continue;
    if (std::find(without.begin(), without.end(), chosen) == without.end()) return chosen;
  }
  return kNobody;
}

GeneratedRun::Ticket GeneratedRun::enqueue(const std::vector<std::size_t>& players, const std::string& party,
                                           const std::string& mode, int team_size, std::int64_t at_ms,
                                           const std::string& region) {
  Ticket ticket{"ticket-" + std::to_string(++tickets_), players, party, at_ms + 5, 1};
  std::vector<std::string> ids;
  for (const auto player : players) {
    ids.push_back(players_[player].id);
    players_[player].free_at = kBusy;
  }
  const Json asked = Json()
                         .text("player", ids.front())
                         .texts("players", ids)
                         .text("party", party)
                         .text("mode", mode)
                         .text("region", region)
                         .number("team_size", team_size)
                         .text("key", "key-" + std::to_string(++keys_));
  const Json answer = Json().number("status", 201).text("ticket", ticket.id);
  const auto dice = shape_.faults ? random_() % 20 : 19;
  if (dice == 0) {  // nobody learns of the ticket
    run_.lost("bots", "enqueue", at_ms, asked);
    run_.call("bots", "enqueue", at_ms + 2'000, at_ms + 2'500, "info", asked, Json().number("status", 503));
    return ticket;
  }
  if (dice == 1) {  // the answer comes with the second attempt, after the match may have been found
    run_.call("bots", "enqueue", at_ms, at_ms + 900, "info", asked);
    run_.call("bots", "enqueue", at_ms + 1'000, at_ms + 1'008, "ok", asked, answer);
    return ticket;
  }
  run_.call("bots", "enqueue", at_ms, at_ms + 8, "ok", asked, answer);
  if (one_in(10)) {
    run_.call("bots", "enqueue", at_ms + 10, at_ms + 15, "fail", Json().text("player", ids.front()),
              Json().number("status", 409).text("code", "already_queued"));
  }
  if (one_in(3)) {
    run_.call("bots", "ticket", at_ms + 20, at_ms + 24, "ok",
              Json().text("player", ids.front()).text("ticket", ticket.id), Json().text("state", "SEARCHING"));
  }
  return ticket;
}

void GeneratedRun::start_duel(std::int64_t at_ms) {
  const auto first = free_player(at_ms, {});
  if (first == kNobody) return;
  auto second = free_player(at_ms, {first});
  for (int tries = 0; tries < 10 && second != kNobody; ++tries) {
    if (std::abs(players_[first].mmr - players_[second].mmr) <= 9'000) break;
    second = free_player(at_ms, {first, second});
  }
  if (second == kNobody || std::abs(players_[first].mmr - players_[second].mmr) > 9'000) return;
  Match match;
  match.mode = "duel";
  match.teams = {{enqueue({first}, "", "duel", 1, at_ms)}, {enqueue({second}, "", "duel", 1, at_ms + 3)}};
  match.found_ms = at_ms + between(100, 400);
  play(std::move(match));
}

/// A party of two against two single players.
void GeneratedRun::start_casual(std::int64_t at_ms) {
  std::vector<std::size_t> chosen;
  for (int i = 0; i < 4; ++i) {
    const auto player = free_player(at_ms, chosen);
    if (player == kNobody) return;
    chosen.push_back(player);
  }
  const auto party = make_party(chosen[0], chosen[1], at_ms);
  Match match;
  match.mode = "casual";
  match.team_size = 2;
  match.teams = {
      {enqueue({chosen[0], chosen[1]}, party, "casual", 2, at_ms + 60)},
      {enqueue({chosen[2]}, "", "casual", 2, at_ms + 61), enqueue({chosen[3]}, "", "casual", 2, at_ms + 62)}};
  match.found_ms = at_ms + between(200, 500);
  play(std::move(match));
}

void GeneratedRun::lonely_ticket(std::int64_t at_ms) {
  const auto player = free_player(at_ms, {});
  if (player == kNobody) return;
  const auto ticket = enqueue({player}, "", "duel", 1, at_ms, "us-east");
  const auto cancelled = at_ms + between(3'000, 5'000);
  const Json asked = Json().text("player", players_[player].id).text("ticket", ticket.id);
  if (shape_.faults && one_in(3)) run_.lost("bots", "cancel", cancelled, asked);
  run_.call("bots", "cancel", cancelled + 5, cancelled + 9, "ok", asked, Json().number("status", 204));
  if (one_in(2)) {
    run_.call("bots", "ticket", cancelled + 20, cancelled + 24, "ok", asked, Json().text("state", "CANCELLED"));
  }
  store_ticket(ticket, "cancelled", nullptr, "duel", 1, cancelled + 7, "us-east");
  close(ticket, "cancelled", cancelled + 7);
  players_[player].free_at = cancelled + 100;
}

/// Each waits in a region of its own, where nobody else could be matched with it.
void GeneratedRun::time_out_ticket(std::int64_t at_ms) {
  const auto player = free_player(at_ms, {});
  if (player == kNobody) return;
  const auto region = "xx-" + std::to_string(tickets_);
  const auto ticket = enqueue({player}, "", "duel", 1, at_ms, region);
  const auto ended = ticket.queued_ms + kMaxWaitMs + between(0, 500);
  store_ticket(ticket, "timed_out", nullptr, "duel", 1, ended, region);
  close(ticket, "timed_out", ended);
  players_[player].free_at = ended + 100;
  end_ms_ = std::max(end_ms_, ended);
}

std::string GeneratedRun::roster(const Match& match) const {
  std::vector<std::string> teams;
  for (const auto& team : match.teams) {
    std::vector<std::string> players;
    for (const auto& ticket : team) {
      for (const auto player : ticket.players) {
        Json seat = Json().text("player_id", players_[player].id).text("ticket_id", ticket.id);
        if (!ticket.party.empty()) seat.text("party_id", ticket.party);
        const auto mmr = match.mode == "duel" ? players_[player].mmr : 150'000;
        players.push_back(seat.real("mmr", static_cast<double>(mmr) / 100)
                              .number("waited_ms", match.found_ms - ticket.queued_ms)
                              .str());
      }
    }
    teams.push_back(Json().raw("players", array_of(players)).str());
  }
  return array_of(teams);
}

void GeneratedRun::announce(const Match& match) {
  event("MATCH", "match.found", match.id + ".1",
        Json()
            .text("match_id", match.id)
            .text("tenant", "default")
            .text("mode", match.mode)
            .text("region", "eu-west")
            .number("team_size", match.team_size)
            .text("source", "queue")
            .text("created_at", time_text(wall(match.found_ms)))
            .raw("teams", roster(match)),
        match.found_ms + 10, "");
  for (const auto& team : match.teams) {
    for (const auto& ticket : team) {
      for (const auto player : ticket.players) {
        frame(players_[player], match.found_ms + 20, "match_found", match.id);
      }
    }
  }
}

void GeneratedRun::play(Match match) {
  match.id = "match-" + std::to_string(++matches_);
  announce(match);
  const auto dice = random_() % 100;
  const bool again = match.teams[0][0].attempt > 1;
  if (dice < 8 && !again) {
    match.ended_ms = match.found_ms + 6'000;
    later(match.ended_ms, [this, match] { end_cancelled(match); });
    return;
  }
  match.ready_ms = match.found_ms + between(50, 300);
  if (free_slots_.empty()) free_slots_.push_back(slots_++);
  match.slot = free_slots_.front();
  free_slots_.pop_front();
  match.server = "server-" + std::to_string(match.slot / 64);
  run_.fact("server-1", "hosted", match.ready_ms, Json().text("match", match.id).text("server", match.server));
  for (const auto& team : match.teams) {
    for (const auto& ticket : team) {
      auto& player = players_[ticket.players.front()];
      frame(player, match.ready_ms + 10, "session_ready", match.id);
      run_.call("bots", "match", match.ready_ms + 20, match.ready_ms + 25, "ok",
                Json().text("player", player.id).text("match", match.id),
                Json().text("status", "ready").text("endpoint", "127.0.0.1:1").flag("has_token", true));
    }
  }
  event("MATCH", "match.ready", match.id + ".ready", Json().text("match_id", match.id), match.ready_ms + 5, "session");
  match.ended_ms = match.ready_ms + kGameMs + between(0, 2'000);
  if (dice < 16 && !again) {
    later(match.ended_ms, [this, match] { end_cancelled(match); });
  } else {
    later(match.ended_ms, [this, match] { end_completed(match); });
  }
}

/// Without a server the tickets are queued again and matched a second time; with a lost server they end.
void GeneratedRun::end_cancelled(Match match) {
  const bool served = match.ready_ms >= 0;
  std::vector<std::string> requeue;
  for (const auto& team : match.teams) {
    for (const auto& ticket : team) {
      if (!served) requeue.push_back("\"" + ticket.id + "\"");
    }
  }
  match.requeue = array_of(requeue);
  const std::string reason = served ? "server_lost" : "no_server";
  store_match(match, "cancelled", reason);
  event("MATCH", "match.cancelled", match.id + ".cancelled",
        Json().text("match_id", match.id).text("reason", reason).raw("requeue", match.requeue), match.ended_ms + 5,
        "session");
  if (served) free_slots_.push_back(match.slot);
  Match second = match;
  for (auto& team : second.teams) {
    for (auto& ticket : team) {
      if (served) {
        store_ticket(ticket, "cancelled", &match, match.mode, match.team_size, match.ended_ms + 20);
        close(ticket, "match_cancelled", match.ended_ms + 20);
        for (const auto player : ticket.players) players_[player].free_at = match.ended_ms + 500;
        continue;
      }
      ticket.attempt = 2;
      ticket.queued_ms += match.ended_ms + 20 - match.found_ms;
      event("TICKET", "ticket.requeued", ticket.id + ".2.requeued",
            Json()
                .text("ticket_id", ticket.id)
                .text("match_id", match.id)
                .number("attempt", 2)
                .text("queued_at", time_text(wall(ticket.queued_ms))),
            match.ended_ms + 25, "");
    }
  }
  if (served) return;
  second.ready_ms = second.ended_ms = -1;
  second.requeue = "[]";
  second.found_ms = match.ended_ms + between(100, 300);
  play(std::move(second));
}

void GeneratedRun::report(const Match& match, const Json& winner) {
  const Json asked = Json().text("match", match.id).text("hash", "result-" + match.id).also(winner);
  const auto at = match.ended_ms - 10;
  if (shape_.faults && one_in(3)) run_.lost("server-1", "report", at - 500, asked);
  run_.call("server-1", "report", at, at + 15, "ok", asked, Json().number("status", 200));
  run_.call("server-1", "report", at + 5, at + 20, "ok", asked, Json().number("status", 200));
  if (!one_in(3)) return;
  run_.call("server-1", "report", at + 100, at + 110, "fail", Json().text("match", match.id).text("hash", "other"),
            Json().number("status", 409).text("code", "result_conflict"));
  run_.call("server-1", "report", at + 200, at + 210, "ok", asked, Json().number("status", 200));
}

void GeneratedRun::end_completed(const Match& match) {
  const auto dice = random_() % 10;
  const auto winner = dice < 1 ? std::nullopt : std::optional(static_cast<int>(dice % 2));
  const Json winning = winner ? Json().number("winning_team", *winner) : Json().raw("winning_team", "null");
  report(match, winning);
  store_match(match, "completed", "");
  event("MATCH", "match.completed", match.id + ".completed", Json().text("match_id", match.id).also(winning),
        match.ended_ms + 5, "session");
  apply(match, winner);
  free_slots_.push_back(match.slot);
  for (const auto& team : match.teams) {
    for (const auto& ticket : team) {
      store_ticket(ticket, "matched", &match, match.mode, match.team_size, match.ended_ms + 20);
      if (one_in(4)) {
        run_.call("bots", "cancel", match.found_ms + 30, match.found_ms + 34, "fail",
                  Json().text("player", players_[ticket.players.front()].id).text("ticket", ticket.id),
                  Json().number("status", 409).text("code", "already_matched"));
      }
      for (const auto player : ticket.players) {
        frame(players_[player], match.ended_ms + 40, "match_completed", match.id);
        players_[player].free_at = match.ended_ms + 300;
      }
    }
  }
}

void GeneratedRun::apply(const Match& match, std::optional<int> winner) {
  const bool rated = match.mode == "duel";
  const auto applied_ms = match.ended_ms + 30;
  Json log = Json().text("match_id", match.id).number("applied_seq", ++applied_).text("tenant", "default");
  log.text("mode", match.mode).flag("rated", rated).text("applied_at", time_text(wall(applied_ms)));
  if (winner) log.number("winning_team", *winner);
  if (rated) log.text("rating", "elo");
  run_.row("profile.applied", log);
  const double gap =
      rated
          ? static_cast<double>(players_[match.teams[1][0].players[0]].mmr - players_[match.teams[0][0].players[0]].mmr)
          : 0;
  const double expected = 1 / (1 + std::pow(10.0, gap / 40'000));
  const double score = !winner ? 0.5 : *winner == 0 ? 1 : 0;
  const auto change = rated ? std::llround(4'000 * (score - expected)) : 0;
  run_.row("leaderboard.applied",
           Json().text("match_id", match.id).text("applied_at", time_text(wall(applied_ms + 50))));
  run_.row("leaderboard.match", Json()
                                    .text("match_id", match.id)
                                    .text("tenant", "default")
                                    .text("mode", match.mode)
                                    .text("region", "eu-west")
                                    .text("season", "s1")
                                    .flag("rated", rated)
                                    .text("ended_at", time_text(wall(match.ended_ms))));
  for (std::size_t team = 0; team < match.teams.size(); ++team) {
    for (const auto& ticket : match.teams[team]) {
      for (const auto index : ticket.players) {
        auto& player = players_[index];
        const auto before = rated ? player.mmr : 150'000;
        const auto after = before + (team == 0 ? change : -change);
        const Json row = Json()
                             .text("match_id", match.id)
                             .text("player_id", player.id)
                             .number("team", static_cast<std::int64_t>(team))
                             .number("mmr_before", before)
                             .number("mmr_after", after);
        run_.row("profile.rating_change", row);
        run_.row("leaderboard.match_player", row);
        const bool won = winner && *winner == static_cast<int>(team);
        (rated ? player.games : player.casual_games) += 1;
        (rated ? player.wins : player.casual_wins) += won ? 1 : 0;
        (rated ? player.losses : player.casual_losses) += winner && !won ? 1 : 0;
        (rated ? player.draws : player.casual_draws) += winner ? 0 : 1;
        if (rated) player.mmr = after;
        player.history.emplace_back(applied_ms + 50, match.id);
      }
    }
  }
  event("MATCH", "match.rated", match.id + ".rated", Json().text("match_id", match.id), applied_ms + 5, "profile");
}

}  // namespace mm::chaos
