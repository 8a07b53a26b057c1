// The messages of the service: a field list for each struct that the SDK reads. The names are those of the JSON
// members. A new field needs its member in the public struct and its name here; the exceptions to this stand after the
// lists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "matchmaker/events.h"
#include "matchmaker/result.h"
#include "matchmaker/types.h"
#include "src/read.h"

namespace matchmaker {

/// Answer of a login and of a renewal.
struct Tokens {
  std::string access_token = {};
  std::string refresh_token = {};
  std::int64_t expires_in = 0;  ///< seconds
};

MATCHMAKER_FIELDS(Tokens, access_token, refresh_token, expires_in);
MATCHMAKER_FIELDS(FieldError, pointer, detail);
MATCHMAKER_FIELDS(Error, code, detail, player_id, trace_id, retry_after_seconds);

MATCHMAKER_FIELDS(Account, player_id, username, email, region, mmr, created_at);
MATCHMAKER_FIELDS(Rating, mmr, games, wins, losses, draws);
MATCHMAKER_FIELDS(Profile, player_id, username, email, region, mmr, ratings, wins, losses, created_at, updated_at);

MATCHMAKER_FIELDS(PartyMember, player_id, username, ready, connected, joined_at);
MATCHMAKER_FIELDS(Party, party_id, leader_id, region, max_size, is_public, status, ticket_id, match_id, members,
                  version);
MATCHMAKER_FIELDS(Invitation, party_id, from_player_id, from_username, expires_at);
MATCHMAKER_FIELDS(ReadyState, party_id, ready_count, total_count, all_ready, not_ready);

MATCHMAKER_FIELDS(Ticket, ticket_id, party_id, status, mode, region, team_size, queued_at, waited_ms, rating_window,
                  estimated_wait_seconds, estimated_wait_p90_seconds, match_id);
MATCHMAKER_FIELDS(WaitForecast, outcome, in_seconds, quality, spread);
MATCHMAKER_FIELDS(PairCheck, rule, value, limit, margin);
MATCHMAKER_FIELDS(NearTicket, rating, players, waited_ms, rating_window, checks, accept_in_seconds);
MATCHMAKER_FIELDS(Newcomers, parties, party_size, rating, within);
MATCHMAKER_FIELDS(Explanation, ticket_id, status, mode, region, team_size, waited_ms, summary, rule, by, rating,
                  rating_window, tickets_waiting, players_waiting, nearest, forecast, matched_now_with_window,
                  matched_now_with);

MATCHMAKER_FIELDS(Match, match_id, status, mode, region, teams, team, server_endpoint, server_url, join_token,
                  expires_at);
MATCHMAKER_FIELDS(RecentMatch, match_id, mode, region, status, ended_at, team, result, winning_team, duration_seconds,
                  mmr_before, mmr_after, mmr_change, reason, requeued);
MATCHMAKER_FIELDS(Active, party, ticket, match, invites, recent);
MATCHMAKER_FIELDS(HistoryEntry, match_id, mode, region, started_at, ended_at, duration_seconds, result, team,
                  mmr_before, mmr_after, mmr_change);
MATCHMAKER_FIELDS(HistoryPage, matches, next_cursor);
MATCHMAKER_FIELDS(LeaderboardEntry, rank, player_id, username, mmr, wins, losses, games, win_rate);
MATCHMAKER_FIELDS(LeaderboardPage, season, mode, region, entries, total, next_cursor, your_rank);

MATCHMAKER_FIELDS(MemberJoined, party_id, member);
MATCHMAKER_FIELDS(MemberLeft, party_id, player_id, kicked);
MATCHMAKER_FIELDS(MemberReady, party_id, player_id, ready, ready_count, total_count, all_ready);
MATCHMAKER_FIELDS(InviteEnded, party_id, player_id, reason);
MATCHMAKER_FIELDS(ChatMessage, party_id, text);
MATCHMAKER_FIELDS(QueueLeft, ticket_id, reason, player_id);
MATCHMAKER_FIELDS(MatchFound, match_id, mode, region, team, teams, quality);
MATCHMAKER_FIELDS(SessionReady, match_id, server_endpoint, server_url, join_token, expires_at);
MATCHMAKER_FIELDS(MatchCancelled, match_id, reason, requeued);
MATCHMAKER_FIELDS(MatchCompleted, match_id, winning_team, duration_seconds);
MATCHMAKER_FIELDS(RatingChanged, match_id, mode, mmr_before, mmr_after, mmr_change);

#undef MATCHMAKER_FIELDS

inline void read(const JsonValue& json, PartyStatus& out) {
  using E = PartyStatus;
  read_enum<E>(json, out, {{"idle", E::idle}, {"queued", E::queued}, {"in_match", E::in_match}});
}
inline void read(const JsonValue& json, TicketStatus& out) {
  using E = TicketStatus;
  read_enum<E>(
      json, out,
      {{"SEARCHING", E::searching}, {"MATCHED", E::matched}, {"CANCELLED", E::cancelled}, {"TIMED_OUT", E::timed_out}});
}
inline void read(const JsonValue& json, WaitRule& out) {
  using E = WaitRule;
  if (json.is_string() && !json.as_string().empty()) out = E::other;
  read_enum<E>(json, out,
               {{"window", E::window},
                {"players", E::players},
                {"latency", E::latency},
                {"outbid", E::outbid},
                {"next_tick", E::next_tick}});
}
inline void read(const JsonValue& json, WaitOutcome& out) {
  using E = WaitOutcome;
  read_enum<E>(json, out, {{"matched", E::matched}, {"times_out", E::times_out}, {"unknown", E::unknown}});
}
inline void read(const JsonValue& json, MatchStatus& out) {
  using E = MatchStatus;
  read_enum<E>(json, out,
               {{"allocating", E::allocating},
                {"loading", E::loading},
                {"ready", E::ready},
                {"running", E::running},
                {"completed", E::completed},
                {"cancelled", E::cancelled}});
}
inline void read(const JsonValue& json, Outcome& out) {
  read_enum<Outcome>(json, out, {{"win", Outcome::win}, {"loss", Outcome::loss}, {"draw", Outcome::draw}});
}

// Structs with members that are not the JSON member of the same name.

inline void read(const JsonValue&, Done&) {}

inline void read(const JsonValue& json, Error& out) {
  read_fields(json, out);
  read(member(json, "errors"), out.fields);
}

inline void read(const JsonValue& json, Profile& out) {
  read_fields(json, out);
  out.preferences_json = to_text(member(json, "preferences"));
}

inline void read(const JsonValue& json, HistoryEntry& out) {
  read_fields(json, out);
  out.stats_json = to_text(member(json, "stats"));
}

/// Events name the sender `from` and `username`; answers of calls name the sender as the struct does.
template <class T>
void read_with_sender(const JsonValue& json, T& out) {
  read_fields(json, out);
  read(member(json, "from"), out.from_player_id);
  read(member(json, "username"), out.from_username);
}
inline void read(const JsonValue& json, Invitation& out) { read_with_sender(json, out); }
inline void read(const JsonValue& json, ChatMessage& out) { read_with_sender(json, out); }

inline void read(const JsonValue& json, RecentMatch& out) {
  read_fields(json, out);
  if (out.status != MatchStatus::cancelled) out.status = MatchStatus::completed;
  out.rated = !member(json, "mmr_after").is_null();
}

/// Reads the answer of a call. The answer with the player's invitations is an object around the list.
template <class T>
void read_answer(const JsonValue& json, T& out) {
  read(json, out);
}
inline void read_answer(const JsonValue& json, std::vector<Invitation>& out) { read(member(json, "invites"), out); }

}  // namespace matchmaker
