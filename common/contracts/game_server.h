// The protocol between an orchestrator's process provider and a game server: JSON lines on the server's Unix socket
// (<runtime folder>/<server_id>.sock). The server sends the first line.
//
//   from the server   {"event":"hello","server_id":…,"endpoint":"127.0.0.1:42001","capacity":64,"matches":[…]}
//   to the server     a HandOver: the match and its secrets, which no other message contains
//   from the server   {"event":"hosting","match_id":…}, also when it hosted the match already,
//                     or {"event":"refused","match_id":…,"detail":…}
//   to the server     {"end":<match_id>}: the match is over, regardless of the server's own state
//   from the server   {"event":"ended","match_id":…}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/session.h"

namespace mm::game {

/// Largest number of matches on one server process.
inline constexpr int kMatchesPerServer = 64;
/// Longest line that either side accepts, enough for 16 teams of 100 players.
inline constexpr std::size_t kMaxLineBytes = 256 * 1024;

/// One match to host. Idempotent by match_id.
struct HandOver {
  MatchId match_id;
  Mode mode;
  Region region;
  std::vector<std::vector<PlayerId>> teams;
  std::string server_token;                  ///< for heartbeat and result
  std::string join_key;                      ///< key of the players' join tokens: HS256 with the bytes of this text
  std::string gateway_url;                   ///< http://host:port
  std::vector<std::vector<double>> ratings;  ///< in the shape of `teams`; may be absent
};

template <class F>
void describe(F& f, HandOver& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("mode", m.mode);
  f("region", m.region);
  f("teams", m.teams, Count{1, limits::kMaxTeams});
  f("server_token", m.server_token, Bytes{1, 4096});
  f("join_key", m.join_key, Bytes{32, 256});
  f("gateway_url", m.gateway_url, Bytes{1, 512});
  f("ratings", m.ratings, Optional{}, Decimals{2}, Count{0, limits::kMaxTeamSize});
}

/// The other message that an orchestrator sends: the match must end.
struct EndMatch {
  MatchId end;
};

template <class F>
void describe(F& f, EndMatch& m) {
  f("end", m.end);
}

enum class LineEvent { hello, hosting, refused, ended };

}  // namespace mm::game

template <>
struct mm::EnumText<mm::game::LineEvent> {
  static constexpr std::array<std::pair<mm::game::LineEvent, std::string_view>, 4> kAll{{
      {mm::game::LineEvent::hello, "hello"},
      {mm::game::LineEvent::hosting, "hosting"},
      {mm::game::LineEvent::refused, "refused"},
      {mm::game::LineEvent::ended, "ended"},
  }};
};

namespace mm::game {

/// A message from a game server. The comments name the events that use each field.
struct ServerLine {
  LineEvent event = LineEvent::hello;
  std::optional<ServerId> server_id;            ///< hello
  std::optional<std::string> endpoint;          ///< hello: host:port for players
  std::optional<int> capacity;                  ///< hello
  std::optional<std::vector<MatchId>> matches;  ///< hello: matches hosted at present
  std::optional<MatchId> match_id;              ///< all events but hello
  std::optional<std::string> detail;            ///< refused
};

template <class F>
void describe(F& f, ServerLine& m) {
  f("event", m.event);
  f("server_id", m.server_id);
  f("endpoint", m.endpoint);
  f("capacity", m.capacity);
  f("matches", m.matches);
  f("match_id", m.match_id);
  f("detail", m.detail);
}

}  // namespace mm::game
