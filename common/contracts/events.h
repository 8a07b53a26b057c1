// Events. An event is named in the past tense and published after the fact is stored. Each struct names its subject and
// stream. Events of a stream may be delivered more than once; every consumer is idempotent by match_id or event_id.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/lobby.h"
#include "common/contracts/session.h"

namespace mm {

enum class MatchSource { queue, challenge };

template <>
struct EnumText<MatchSource> {
  static constexpr std::array<std::pair<MatchSource, std::string_view>, 2> kAll{{
      {MatchSource::queue, "queue"},
      {MatchSource::challenge, "challenge"},
  }};
};

struct FoundPlayer {
  PlayerId player_id;
  std::optional<TicketId> ticket_id;  ///< absent in matches that MakeMatch created
  std::optional<PartyId> party_id;
  double mmr = 0;
  std::int64_t waited_ms = 0;
};

template <class F>
void describe(F& f, FoundPlayer& m) {
  f("player_id", m.player_id);
  f("ticket_id", m.ticket_id);
  f("party_id", m.party_id);
  f("mmr", m.mmr, fields::Decimals{2});
  f("waited_ms", m.waited_ms, fields::Optional{});
}

struct FoundTeam {
  double mmr = 0;  ///< mean of the players' MMR
  std::vector<FoundPlayer> players;
};

template <class F>
void describe(F& f, FoundTeam& m) {
  f("mmr", m.mmr, fields::Decimals{2});
  f("players", m.players);
}

/// A match was formed, and its tickets have left the queue. Published by matchmaker, after the commit.
struct MatchFound {
  static constexpr Subject kSubject{"match.found"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  int team_size = 1;
  MatchSource source = MatchSource::queue;
  TimePoint created_at;
  double quality = 0;
  double mmr_spread = 0;
  std::vector<FoundTeam> teams;
};

template <class F>
void describe(F& f, MatchFound& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("source", m.source);
  f("created_at", m.created_at);
  f("quality", m.quality, Decimals{4});
  f("mmr_spread", m.mmr_spread, Decimals{2});
  f("teams", m.teams);
}

/// A server is allocated. Published by session.
struct MatchReady {
  static constexpr Subject kSubject{"match.ready"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  std::string server_endpoint;
  std::vector<std::vector<PlayerId>> teams;
};

template <class F>
void describe(F& f, MatchReady& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("server_endpoint", m.server_endpoint);
  f("teams", m.teams);
}

struct CompletedPlayer {
  PlayerId player_id;
  std::optional<TicketId> ticket_id;
  std::optional<PartyId> party_id;
  double mmr = 0;
  fields::RawJson stats;
};

template <class F>
void describe(F& f, CompletedPlayer& m) {
  f("player_id", m.player_id);
  f("ticket_id", m.ticket_id);
  f("party_id", m.party_id);
  f("mmr", m.mmr, fields::Decimals{2});
  f("stats", m.stats, fields::Optional{});
}

/// The match has a result. Published by session, after the result is stored.
struct MatchCompleted {
  static constexpr Subject kSubject{"match.completed"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  std::optional<int> winning_team;  ///< absent: a draw
  double duration_seconds = 0;
  TimePoint started_at;
  TimePoint ended_at;
  std::vector<std::vector<CompletedPlayer>> teams;
};

template <class F>
void describe(F& f, MatchCompleted& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("winning_team", m.winning_team, fields::Nullable{}, fields::Optional{});
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
  f("started_at", m.started_at);
  f("ended_at", m.ended_at);
  f("teams", m.teams);
}

/// `voided`: the game server reported that the match does not count.
enum class CancelReason { no_server, loading_timeout, no_show, server_lost, conflict, voided };

template <>
struct EnumText<CancelReason> {
  static constexpr std::array<std::pair<CancelReason, std::string_view>, 6> kAll{{
      {CancelReason::no_server, "no_server"},
      {CancelReason::loading_timeout, "loading_timeout"},
      {CancelReason::no_show, "no_show"},
      {CancelReason::server_lost, "server_lost"},
      {CancelReason::conflict, "conflict"},
      {CancelReason::voided, "voided"},
  }};
};

/// The match will not be played, or not to its end. Published by session.
struct MatchCancelled {
  static constexpr Subject kSubject{"match.cancelled"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  CancelReason reason = CancelReason::no_server;
  std::vector<TicketId> requeue;  ///< tickets that search again and keep their age
  std::vector<PlayerId> dropped;  ///< players whose tickets do not search again
  std::vector<std::vector<PlayerId>> teams;
};

template <class F>
void describe(F& f, MatchCancelled& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("reason", m.reason);
  f("requeue", m.requeue);
  f("dropped", m.dropped);
  f("teams", m.teams, fields::Optional{});
}

struct RatedPlayer {
  PlayerId player_id;
  std::optional<TicketId> ticket_id;
  std::optional<PartyId> party_id;
  std::optional<std::string> username;
  double mmr = 0;  ///< at the time of the match
  double mmr_before = 0;
  double mmr_after = 0;
  double deviation = kInitialDeviation;  ///< after the match
  std::int64_t games = 0;                ///< after the match, in this mode
  fields::RawJson stats;
  std::optional<TimePoint> deviation_at = {};  ///< when `deviation` was valid; it grows from then on (deviation.h)
  double deviation_growth = 0;                 ///< points per square root of a day
};

template <class F>
void describe(F& f, RatedPlayer& m) {
  using namespace fields;
  f("player_id", m.player_id);
  f("ticket_id", m.ticket_id);
  f("party_id", m.party_id);
  f("username", m.username);
  f("mmr", m.mmr, Decimals{2});
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("deviation", m.deviation, Decimals{2}, Optional{});
  f("games", m.games);
  f("stats", m.stats, Optional{});
  f("deviation_at", m.deviation_at);
  f("deviation_growth", m.deviation_growth, Decimals{3}, Optional{});
}

/// The completed match with each player's rating before and after it, equal in unrated modes. Published by profile.
struct MatchRated {
  static constexpr Subject kSubject{"match.rated"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  std::optional<int> winning_team;
  double duration_seconds = 0;
  TimePoint started_at;
  TimePoint ended_at;
  bool rated = true;  ///< false: the mode is unrated. A rated match may also leave ratings unchanged, as a draw between
                      ///< equals
  std::vector<std::vector<RatedPlayer>> teams;
};

template <class F>
void describe(F& f, MatchRated& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("winning_team", m.winning_team, fields::Nullable{}, fields::Optional{});
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
  f("started_at", m.started_at);
  f("ended_at", m.ended_at);
  f("rated", m.rated, fields::Optional{});
  f("teams", m.teams);
}

/// A ticket left the queue without a match. Published by matchmaker.
struct TicketClosed {
  static constexpr Subject kSubject{"ticket.closed"};
  static constexpr Stream kStream = streams::kTicket;

  TicketId ticket_id;
  Tenant tenant;
  std::optional<PartyId> party_id;
  std::vector<PlayerId> players;
  CloseReason reason = CloseReason::cancelled;
  std::optional<PlayerId> player_id = {};  ///< the player who caused it, if one player did
};

template <class F>
void describe(F& f, TicketClosed& m) {
  f("ticket_id", m.ticket_id);
  f("tenant", m.tenant);
  f("party_id", m.party_id);
  f("players", m.players);
  f("reason", m.reason);
  f("player_id", m.player_id);
}

/// A ticket is searching again because its match was cancelled. Published by matchmaker.
struct TicketRequeued {
  static constexpr Subject kSubject{"ticket.requeued"};
  static constexpr Stream kStream = streams::kTicket;

  TicketId ticket_id;
  Tenant tenant;
  std::optional<PartyId> party_id;
  std::vector<PlayerId> players;
  MatchId match_id;
  int attempt = 1;
  TimePoint queued_at;
};

template <class F>
void describe(F& f, TicketRequeued& m) {
  f("ticket_id", m.ticket_id);
  f("tenant", m.tenant);
  f("party_id", m.party_id);
  f("players", m.players);
  f("match_id", m.match_id);
  f("attempt", m.attempt);
  f("queued_at", m.queued_at);
}

// Plain events: they are not stored, and only subscribers that are connected at the time receive them.

struct PartyCreated {
  static constexpr Subject kSubject{"party.created"};
  Tenant tenant;
  Party party;
};

template <class F>
void describe(F& f, PartyCreated& m) {
  f("tenant", m.tenant);
  f("party", m.party);
}

struct PartyUpdated {
  static constexpr Subject kSubject{"party.updated"};
  Tenant tenant;
  Party party;
};

template <class F>
void describe(F& f, PartyUpdated& m) {
  f("tenant", m.tenant);
  f("party", m.party);
}

struct PartyDisbanded {
  static constexpr Subject kSubject{"party.disbanded"};
  Tenant tenant;
  PartyId party_id;
};

template <class F>
void describe(F& f, PartyDisbanded& m) {
  f("tenant", m.tenant);
  f("party_id", m.party_id);
}

/// A player's first socket was opened, or the last one was closed. Published by gateway.
struct PresenceChanged {
  static constexpr Subject kSubject{"presence.changed"};
  PlayerId player_id;
  Tenant tenant;
  bool connected = false;
};

template <class F>
void describe(F& f, PresenceChanged& m) {
  f("player_id", m.player_id);
  f("tenant", m.tenant);
  f("connected", m.connected);
}

/// Gateways must close WebSockets of a player: those of one login, or a single one. Published by gateways and received
/// by gateways. The client receives the frame `bye` and the close code.
struct CloseSockets {
  static constexpr Subject kSubject{"gateway.bye"};
  PlayerId player_id;
  int code = 0;  ///< WebSocket close code
  std::string reason;
  std::optional<LoginId> login;
  std::optional<std::string> socket;  ///< `<gateway instance>/<number>`
};

template <class F>
void describe(F& f, CloseSockets& m) {
  f("player_id", m.player_id);
  f("code", m.code);
  f("reason", m.reason);
  f("login", m.login);
  f("socket", m.socket);
}

/// The number of tickets and players in a bucket. At most one event a second per bucket. Published by matchmaker.
struct QueueChanged {
  static constexpr Subject kSubject{"queue.changed"};
  Tenant tenant;
  Mode mode;
  Region region;
  int team_size = 1;
  std::int64_t tickets = 0;
  std::int64_t players = 0;
};

template <class F>
void describe(F& f, QueueChanged& m) {
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("tickets", m.tickets);
  f("players", m.players);
}

/// A match changed its state. Published by session for every transition.
struct SessionStateChanged {
  static constexpr Subject kSubject{"session.state_changed"};
  MatchId match_id;
  Tenant tenant;
  std::optional<MatchStatus> from;
  MatchStatus to = MatchStatus::allocating;
};

template <class F>
void describe(F& f, SessionStateChanged& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("from", m.from);
  f("to", m.to);
}

}  // namespace mm
