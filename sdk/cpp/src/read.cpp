#include "src/read.h"

namespace matchmaker {
namespace {

std::vector<std::vector<std::string>> read_teams(const Json& json) {
  std::vector<std::vector<std::string>> teams;
  for (const auto& team : json.elements()) {
    auto& players = teams.emplace_back();
    for (const auto& player : team.elements()) players.push_back(player.as_text());
  }
  return teams;
}

PartyMember read_member(const Json& json) {
  return {json.text("player_id"), json.text("username"), json.truth("ready"), json.truth("connected"), json.text("joined_at")};
}

TicketStatus read_ticket_status(const Json& json) {
  const auto status = json.text("status");
  return status == "MATCHED"     ? TicketStatus::matched
         : status == "CANCELLED" ? TicketStatus::cancelled
         : status == "TIMED_OUT" ? TicketStatus::timed_out
                                 : TicketStatus::searching;
}

Outcome read_outcome(const Json& json) {
  const auto result = json.text("result");
  return result == "win" ? Outcome::win : result == "loss" ? Outcome::loss : Outcome::draw;
}

std::optional<double> read_number(const Json& json, const char* name) {
  return json.has(name) ? std::optional(json.number(name)) : std::nullopt;
}

WaitRule read_rule(const Json& json) {
  const auto rule = json.text("rule");
  return rule.empty()          ? WaitRule::none
         : rule == "window"    ? WaitRule::window
         : rule == "players"   ? WaitRule::players
         : rule == "latency"   ? WaitRule::latency
         : rule == "outbid"    ? WaitRule::outbid
         : rule == "next_tick" ? WaitRule::next_tick
                               : WaitRule::other;
}

NearTicket read_near(const Json& json) {
  NearTicket near;
  near.rating = json.number("rating");
  near.players = json.small("players");
  near.waited_ms = json.integer("waited_ms");
  near.rating_window = json.number("rating_window");
  for (const auto& check : json.at("checks").elements()) {
    near.checks.push_back(
        {check.text("rule"), read_number(check, "value"), check.number("limit"), read_number(check, "margin")});
  }
  near.accept_in_seconds = read_number(json, "accept_in_seconds");
  return near;
}

template <class T>
std::optional<T> read_optional(const Json& json, const char* name) {
  if (!json.has(name)) return std::nullopt;
  T out;
  read(json.at(name), out);
  return out;
}

ErrorKind kind_of(int status) {
  switch (status) {
    case 401: return ErrorKind::unauthorized;
    case 403: return ErrorKind::forbidden;
    case 404: return ErrorKind::not_found;
    case 409: return ErrorKind::conflict;
    case 429: return ErrorKind::rate_limited;
    default: break;
  }
  if (status >= 500) return ErrorKind::unavailable;
  if (status >= 400) return ErrorKind::invalid;
  return ErrorKind::protocol;
}

}  // namespace

void read(const Json& json, Account& out) {
  out.player_id = json.text("player_id");
  out.username = json.text("username");
  out.email = json.text("email");
  out.region = json.text("region");
  out.mmr = json.small("mmr");
  out.created_at = json.text("created_at");
}

void read(const Json& json, Profile& out) {
  out.player_id = json.text("player_id");
  out.username = json.text("username");
  out.email = json.text("email");
  out.region = json.text("region");
  out.mmr = json.small("mmr");
  for (const auto& [mode, rating] : json.at("ratings").members()) {
    out.ratings[mode] = {rating.small("mmr"), rating.integer("games"), rating.integer("wins"), rating.integer("losses"),
                         rating.integer("draws")};
  }
  out.wins = json.integer("wins");
  out.losses = json.integer("losses");
  out.preferences_json = json.at("preferences").serialized();
  out.created_at = json.text("created_at");
  out.updated_at = json.text("updated_at");
}

void read(const Json& json, Party& out) {
  out.party_id = json.text("party_id");
  out.leader_id = json.text("leader_id");
  out.region = json.text("region");
  out.max_size = json.small("max_size");
  out.is_public = json.truth("is_public");
  const auto status = json.text("status");
  out.status = status == "queued"     ? PartyStatus::queued
               : status == "in_match" ? PartyStatus::in_match
                                      : PartyStatus::idle;
  out.ticket_id = json.text("ticket_id");
  out.match_id = json.text("match_id");
  for (const auto& member : json.at("members").elements()) out.members.push_back(read_member(member));
  out.version = json.integer("version");
}

// The event names the sender `from` and `username`.
void read(const Json& json, Invitation& out) {
  out.party_id = json.text("party_id");
  out.from_player_id = json.text(json.has("from") ? "from" : "from_player_id");
  out.from_username = json.text(json.has("username") ? "username" : "from_username");
  out.expires_at = json.text("expires_at");
}

void read(const Json& json, std::vector<Invitation>& out) {
  for (const auto& invitation : json.at("invites").elements()) read(invitation, out.emplace_back());
}

void read(const Json& json, ReadyState& out) {
  out.party_id = json.text("party_id");
  out.ready_count = json.small("ready_count");
  out.total_count = json.small("total_count");
  out.all_ready = json.truth("all_ready");
  for (const auto& player : json.at("not_ready").elements()) out.not_ready.push_back(player.as_text());
}

void read(const Json& json, Ticket& out) {
  out.ticket_id = json.text("ticket_id");
  out.party_id = json.text("party_id");
  out.status = read_ticket_status(json);
  out.mode = json.text("mode");
  out.region = json.text("region");
  out.team_size = json.small("team_size");
  out.queued_at = json.text("queued_at");
  out.waited_ms = json.integer("waited_ms");
  out.rating_window = json.number("rating_window");
  out.estimated_wait_seconds = json.number("estimated_wait_seconds");
  out.estimated_wait_p90_seconds = json.number("estimated_wait_p90_seconds");
  out.match_id = json.text("match_id");
}

void read(const Json& json, WaitForecast& out) {
  const auto outcome = json.text("outcome");
  out.outcome = outcome == "matched"     ? WaitOutcome::matched
                : outcome == "times_out" ? WaitOutcome::times_out
                                         : WaitOutcome::unknown;
  out.in_seconds = json.number("in_seconds");
  out.quality = read_number(json, "quality");
  out.spread = read_number(json, "spread");
}

void read(const Json& json, Newcomers& out) {
  out.parties = json.small("parties");
  out.party_size = json.small("party_size");
  out.rating = json.number("rating");
  out.within = json.number("within");
}

void read(const Json& json, Explanation& out) {
  out.ticket_id = json.text("ticket_id");
  out.status = read_ticket_status(json);
  out.mode = json.text("mode");
  out.region = json.text("region");
  out.team_size = json.small("team_size");
  out.waited_ms = json.integer("waited_ms");
  out.summary = json.text("summary");
  out.rule = read_rule(json);
  out.by = read_number(json, "by");
  out.rating = read_number(json, "rating");
  out.rating_window = read_number(json, "rating_window");
  out.tickets_waiting = json.integer("tickets_waiting");
  out.players_waiting = json.integer("players_waiting");
  for (const auto& near : json.at("nearest").elements()) out.nearest.push_back(read_near(near));
  out.forecast = read_optional<WaitForecast>(json, "forecast");
  out.matched_now_with_window = read_number(json, "matched_now_with_window");
  out.matched_now_with = read_optional<Newcomers>(json, "matched_now_with");
}

void read(const Json& json, Match& out) {
  out.match_id = json.text("match_id");
  const auto status = json.text("status");
  out.status = status == "loading"     ? MatchStatus::loading
               : status == "ready"     ? MatchStatus::ready
               : status == "running"   ? MatchStatus::running
               : status == "completed" ? MatchStatus::completed
               : status == "cancelled" ? MatchStatus::cancelled
                                       : MatchStatus::allocating;
  out.mode = json.text("mode");
  out.region = json.text("region");
  out.teams = read_teams(json.at("teams"));
  out.team = json.small("team");
  out.server_endpoint = json.text("server_endpoint");
  out.server_url = json.text("server_url");
  out.join_token = json.text("join_token");
  out.expires_at = json.text("expires_at");
}

void read(const Json& json, RecentMatch& out) {
  out.match_id = json.text("match_id");
  out.mode = json.text("mode");
  out.region = json.text("region");
  out.status = json.text("status") == "cancelled" ? MatchStatus::cancelled : MatchStatus::completed;
  out.ended_at = json.text("ended_at");
  out.team = json.small("team");
  out.result = read_outcome(json);
  out.winning_team = json.has("winning_team") ? json.small("winning_team") : -1;
  out.duration_seconds = json.number("duration_seconds");
  out.rated = json.has("mmr_after");
  out.mmr_before = json.number("mmr_before");
  out.mmr_after = json.number("mmr_after");
  out.mmr_change = json.number("mmr_change");
  out.reason = json.text("reason");
  out.requeued = json.truth("requeued");
}

void read(const Json& json, Active& out) {
  out.party = read_optional<Party>(json, "party");
  out.ticket = read_optional<Ticket>(json, "ticket");
  out.match = read_optional<Match>(json, "match");
  read(json, out.invites);
  for (const auto& match : json.at("recent").elements()) read(match, out.recent.emplace_back());
}

void read(const Json& json, HistoryPage& out) {
  for (const auto& entry : json.at("matches").elements()) {
    auto& match = out.matches.emplace_back();
    match.match_id = entry.text("match_id");
    match.mode = entry.text("mode");
    match.region = entry.text("region");
    match.started_at = entry.text("started_at");
    match.ended_at = entry.text("ended_at");
    match.duration_seconds = entry.number("duration_seconds");
    match.result = read_outcome(entry);
    match.team = entry.small("team");
    match.mmr_before = entry.number("mmr_before");
    match.mmr_after = entry.number("mmr_after");
    match.mmr_change = entry.number("mmr_change");
    match.stats_json = entry.at("stats").serialized();
  }
  out.next_cursor = json.text("next_cursor");
}

void read(const Json& json, LeaderboardPage& out) {
  out.season = json.text("season");
  out.mode = json.text("mode");
  out.region = json.text("region");
  for (const auto& entry : json.at("entries").elements()) {
    out.entries.push_back({entry.integer("rank"), entry.text("player_id"), entry.text("username"), entry.small("mmr"),
                           entry.integer("wins"), entry.integer("losses"), entry.integer("games"), entry.number("win_rate")});
  }
  out.total = json.integer("total");
  out.next_cursor = json.text("next_cursor");
  if (json.has("your_rank")) out.your_rank = json.integer("your_rank");
}

void read(const Json& json, MemberJoined& out) {
  out.party_id = json.text("party_id");
  out.member = read_member(json.at("member"));
}

void read(const Json& json, MemberLeft& out) {
  out.party_id = json.text("party_id");
  out.player_id = json.text("player_id");
  out.kicked = json.truth("kicked");
}

void read(const Json& json, MemberReady& out) {
  out.party_id = json.text("party_id");
  out.player_id = json.text("player_id");
  out.ready = json.truth("ready");
  out.ready_count = json.small("ready_count");
  out.total_count = json.small("total_count");
  out.all_ready = json.truth("all_ready");
}

void read(const Json& json, InviteEnded& out) {
  out.party_id = json.text("party_id");
  out.player_id = json.text("player_id");
  out.reason = json.text("reason");
}

void read(const Json& json, ChatMessage& out) {
  out.party_id = json.text("party_id");
  out.from_player_id = json.text("from");
  out.from_username = json.text("username");
  out.text = json.text("text");
}

void read(const Json& json, QueueLeft& out) {
  out.ticket_id = json.text("ticket_id");
  out.reason = json.text("reason");
  out.player_id = json.text("player_id");
}

void read(const Json& json, MatchFound& out) {
  out.match_id = json.text("match_id");
  out.mode = json.text("mode");
  out.region = json.text("region");
  out.team = json.small("team");
  out.teams = read_teams(json.at("teams"));
  out.quality = json.number("quality");
}

void read(const Json& json, SessionReady& out) {
  out.match_id = json.text("match_id");
  out.server_endpoint = json.text("server_endpoint");
  out.server_url = json.text("server_url");
  out.join_token = json.text("join_token");
  out.expires_at = json.text("expires_at");
}

void read(const Json& json, MatchCancelled& out) {
  out.match_id = json.text("match_id");
  out.reason = json.text("reason");
  out.requeued = json.truth("requeued");
}

void read(const Json& json, MatchCompleted& out) {
  out.match_id = json.text("match_id");
  out.winning_team = json.has("winning_team") ? json.small("winning_team") : -1;
  out.duration_seconds = json.number("duration_seconds");
}

void read(const Json& json, RatingChanged& out) {
  out.match_id = json.text("match_id");
  out.mode = json.text("mode");
  out.mmr_before = json.number("mmr_before");
  out.mmr_after = json.number("mmr_after");
  out.mmr_change = json.number("mmr_change");
}

Error read_error(int status, const std::string& body) {
  Error error;
  error.kind = kind_of(status);
  error.http_status = status;
  const auto json = Json::parse(body);
  if (!json) {
    error.code = "protocol";
    error.detail = "status " + std::to_string(status) + " without a problem object";
    return error;
  }
  error.code = json->text("code");
  error.detail = json->text("detail");
  error.player_id = json->text("player_id");
  error.trace_id = json->text("trace_id");
  error.retry_after_seconds = json->small("retry_after_seconds");
  for (const auto& field : json->at("errors").elements()) {
    error.fields.push_back({field.text("pointer"), field.text("detail")});
  }
  return error;
}

}  // namespace matchmaker
