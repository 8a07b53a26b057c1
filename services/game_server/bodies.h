// Bodies of the requests to the gateway: the HTTP form of Heartbeat and ReportResult, whose match stands in the path.
#pragma once

#include <optional>
#include <vector>

#include "common/contracts/session.h"
#include "services/game_server/core/stats.h"

namespace mm::game {

struct HeartbeatBody {
  int player_count = 0;
  ServerPhase status = ServerPhase::running;
};

template <class F>
void describe(F& f, HeartbeatBody& m) {
  f("player_count", m.player_count);
  f("status", m.status);
}

struct ResultBody {
  std::optional<int> winning_team;
  double duration_seconds = 0;
  std::vector<PlayerStats> player_stats;
};

template <class F>
void describe(F& f, ResultBody& m) {
  f("winning_team", m.winning_team, fields::Nullable{});
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
  f("player_stats", m.player_stats);
}

/// What a player's client sends.
struct ClientFrame {
  std::string type;
  std::optional<std::string> token;     ///< of join
  std::optional<fields::RawJson> data;  ///< of message; absent is null
};

template <class F>
void describe(F& f, ClientFrame& m) {
  f("type", m.type);
  f("token", m.token);
  f("data", m.data);
}

/// What it gets: `joined`, then what the others say.
struct ServerFrame {
  std::string event;
  std::optional<PlayerId> from;
  std::optional<fields::RawJson> data;
};

template <class F>
void describe(F& f, ServerFrame& m) {
  f("event", m.event);
  f("from", m.from);
  f("data", m.data);
}

}  // namespace mm::game
