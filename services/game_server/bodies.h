// The bodies of requests to the gateway (Heartbeat and ReportResult, whose match is in the path), and of players'
// frames.
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

/// A frame from a player.
struct ClientFrame {
  std::string type;
  std::optional<std::string> token;     ///< only of join
  std::optional<fields::RawJson> data;  ///< only of message; absent means null
};

template <class F>
void describe(F& f, ClientFrame& m) {
  f("type", m.type);
  f("token", m.token);
  f("data", m.data);
}

/// A frame to a player: `joined`, or the message of another player.
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
