// Messages of the session service about matches from their start to their end, and its requests to the orchestrator.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/matchmaker.h"

namespace mm {

enum class MatchStatus { allocating, loading, ready, running, completed, cancelled };

template <>
struct EnumText<MatchStatus> {
  static constexpr std::array<std::pair<MatchStatus, std::string_view>, 6> kAll{{
      {MatchStatus::allocating, "allocating"},
      {MatchStatus::loading, "loading"},
      {MatchStatus::ready, "ready"},
      {MatchStatus::running, "running"},
      {MatchStatus::completed, "completed"},
      {MatchStatus::cancelled, "cancelled"},
  }};
};

constexpr bool is_over(MatchStatus status) {
  return status == MatchStatus::completed || status == MatchStatus::cancelled;
}

/// A match as one of its players sees it. A caller with the role service gets no token and team -1.
struct MatchView {
  MatchId match_id;
  MatchStatus status = MatchStatus::allocating;
  Mode mode;
  Region region;
  std::vector<std::vector<PlayerId>> teams;
  int team = -1;
  std::optional<std::string> server_endpoint;    ///< host:port
  std::optional<std::string> server_url;         ///< ws://host:port/match/{match_id}
  std::optional<std::string> join_token;         ///< the caller's own token
  std::optional<TimePoint> expires_at;           ///< expiry of the join token
  std::optional<std::vector<TicketId>> requeue;  ///< of a cancelled match; only to services
};

template <class F>
void describe(F& f, MatchView& m) {
  f("match_id", m.match_id);
  f("status", m.status);
  f("mode", m.mode);
  f("region", m.region);
  f("teams", m.teams);
  f("team", m.team);
  f("server_endpoint", m.server_endpoint);
  f("server_url", m.server_url);
  f("join_token", m.join_token);
  f("expires_at", m.expires_at);
  f("requeue", m.requeue, fields::Internal{});
}

/// Returns a match by its id, or the live match of a player (no_match if there is none).
struct GetMatch {
  static constexpr Subject kSubject{"session.get"};
  using Answer = MatchView;

  std::optional<MatchId> match_id;
  std::optional<PlayerId> player_id;
};

template <class F>
void describe(F& f, GetMatch& m) {
  f("match_id", m.match_id, fields::InPath{});
  f("player_id", m.player_id, fields::Internal{});
}

/// `aborted`: the match ends and does not count, as with a result with the outcome `void`.
enum class ServerPhase { starting, running, ending, aborted };

template <>
struct EnumText<ServerPhase> {
  static constexpr std::array<std::pair<ServerPhase, std::string_view>, 4> kAll{{
      {ServerPhase::starting, "starting"},
      {ServerPhase::running, "running"},
      {ServerPhase::ending, "ending"},
      {ServerPhase::aborted, "aborted"},
  }};
};

struct HeartbeatAnswer {
  bool acknowledged = true;
  int next_heartbeat_seconds = 5;
};

template <class F>
void describe(F& f, HeartbeatAnswer& m) {
  f("acknowledged", m.acknowledged);
  f("next_heartbeat_seconds", m.next_heartbeat_seconds);
}

struct Heartbeat {
  static constexpr Subject kSubject{"session.heartbeat"};
  using Answer = HeartbeatAnswer;

  MatchId match_id;
  int player_count = 0;
  ServerPhase status = ServerPhase::running;
};

template <class F>
void describe(F& f, Heartbeat& m) {
  using namespace fields;
  f("match_id", m.match_id, InPath{});
  f("player_count", m.player_count, InRange{0, 10'000});
  f("status", m.status);
}

/// `void`: the match does not count. It is cancelled, nobody is rated and no ticket is requeued.
enum class ResultOutcome { played, voided };

template <>
struct EnumText<ResultOutcome> {
  static constexpr std::array<std::pair<ResultOutcome, std::string_view>, 2> kAll{{
      {ResultOutcome::played, "played"},
      {ResultOutcome::voided, "void"},
  }};
};

/// `completed`, or `cancelled` after the outcome `void`.
struct ResultAnswer {
  MatchId match_id;
  MatchStatus status = MatchStatus::completed;
};

template <class F>
void describe(F& f, ResultAnswer& m) {
  f("match_id", m.match_id);
  f("status", m.status);
}

/// Reports the result of a match. Each entry of player_stats is an object with `player_id` and any other members that
/// the game wants to store. The list is absent or contains each player of the match exactly once.
struct ReportResult {
  static constexpr Subject kSubject{"session.result"};
  using Answer = ResultAnswer;
  static constexpr std::size_t kMaxStatsBytes = 4096;

  MatchId match_id;
  ResultOutcome outcome = ResultOutcome::played;
  std::optional<int> winning_team;  ///< index; null: a draw. Ignored if the outcome is `void`
  double duration_seconds = 0;
  std::optional<std::vector<fields::RawJson>> player_stats;
};

template <class F>
void describe(F& f, ReportResult& m) {
  using namespace fields;
  f("match_id", m.match_id, InPath{});
  f("outcome", m.outcome, Optional{});
  constexpr InRange kTeam{0, limits::kMaxTeams - 1};
  constexpr InRange kSeconds{0, 604'800};
  const MayBeAbsentIf if_void{m.outcome == ResultOutcome::voided, "May be absent if the outcome is void."};
  f("winning_team", m.winning_team, Nullable{}, if_void, kTeam);
  f("duration_seconds", m.duration_seconds, if_void, kSeconds);
  f("player_stats", m.player_stats, Count{0, limits::kMaxTeamSize * limits::kMaxTeams},
    RawObject{ReportResult::kMaxStatsBytes});
}

/// The server that the orchestrator allocated to a match.
struct Allocation {
  MatchId match_id;
  ServerId server_id;
  std::string server_endpoint;
  std::string server_url;
};

template <class F>
void describe(F& f, Allocation& m) {
  f("match_id", m.match_id);
  f("server_id", m.server_id);
  f("server_endpoint", m.server_endpoint);
  f("server_url", m.server_url);
}

/// Idempotent by match_id: a repeated request returns the same server. match_over: the match was released already.
/// no_capacity: the request may be retried. `join_key` signs the join tokens of this match; `server_token` authorises
/// the server's heartbeats and result. Neither may be logged, stored or sent to players.
struct AllocateServer {
  static constexpr Subject kSubject{"orchestrator.allocate"};
  using Answer = Allocation;

  MatchId match_id;
  Tenant tenant = default_tenant();
  Mode mode;
  Region region;
  std::vector<std::vector<TicketPlayer>> teams;
  std::string server_token;
  std::string join_key;  ///< HMAC-SHA256 key: the bytes of this text
};

template <class F>
void describe(F& f, AllocateServer& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("teams", m.teams);
  f("server_token", m.server_token);
  f("join_key", m.join_key);
}

struct Released {
  MatchId match_id;
};

template <class F>
void describe(F& f, Released& m) {
  f("match_id", m.match_id);
}

/// Releases the match's server and leaves a tombstone that refuses a later allocation. Idempotent.
struct ReleaseServer {
  static constexpr Subject kSubject{"orchestrator.release"};
  using Answer = Released;

  MatchId match_id;
};

template <class F>
void describe(F& f, ReleaseServer& m) {
  f("match_id", m.match_id);
}

}  // namespace mm
