// Messages of the leaderboard service: standings and match history.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/matchmaker.h"

namespace mm {

struct LeaderboardEntry {
  std::int64_t rank = 0;
  PlayerId player_id;
  std::string username;
  int mmr = 0;
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::int64_t games = 0;
  double win_rate = 0;  ///< wins / games, in [0, 1]
};

template <class F>
void describe(F& f, LeaderboardEntry& m) {
  f("rank", m.rank);
  f("player_id", m.player_id);
  f("username", m.username);
  f("mmr", m.mmr);
  f("wins", m.wins);
  f("losses", m.losses);
  f("games", m.games);
  f("win_rate", m.win_rate, fields::Decimals{4});
}

struct LeaderboardPage {
  Season season;
  Mode mode;
  std::optional<Region> region;
  std::vector<LeaderboardEntry> entries;
  std::int64_t total = 0;
  std::optional<std::string> next_cursor;
  std::optional<std::int64_t> your_rank;  ///< the caller's rank, if the caller is a player with games in these
                                          ///< standings
};

template <class F>
void describe(F& f, LeaderboardPage& m) {
  f("season", m.season);
  f("mode", m.mode);
  f("region", m.region);
  f("entries", m.entries);
  f("total", m.total);
  f("next_cursor", m.next_cursor);
  f("your_rank", m.your_rank);
}

/// An absent season means the current one. `region` is the region of the matches.
struct GetLeaderboard {
  static constexpr Subject kSubject{"leaderboard.top"};
  using Answer = LeaderboardPage;

  std::optional<Season> season;
  Mode mode = ranked_mode();
  std::optional<Region> region;
  int limit = 100;
  std::optional<std::string> cursor;
};

template <class F>
void describe(F& f, GetLeaderboard& m) {
  using namespace fields;
  f("season", m.season, InPath{});
  f("mode", m.mode, Optional{}, InQuery{});
  f("region", m.region, InQuery{});
  f("limit", m.limit, Optional{}, InQuery{}, InRange{1, 1000});
  f("cursor", m.cursor, InQuery{}, Length{1, 256});
}

enum class Outcome { win, loss, draw };

template <>
struct EnumText<Outcome> {
  static constexpr std::array<std::pair<Outcome, std::string_view>, 3> kAll{{
      {Outcome::win, "win"},
      {Outcome::loss, "loss"},
      {Outcome::draw, "draw"},
  }};
};

/// One finished match from the point of view of one player.
struct HistoryEntry {
  MatchId match_id;
  Mode mode;
  Region region;
  TimePoint started_at;
  TimePoint ended_at;
  double duration_seconds = 0;
  Outcome result = Outcome::draw;
  int team = 0;
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
  fields::RawJson stats;
};

template <class F>
void describe(F& f, HistoryEntry& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("mode", m.mode);
  f("region", m.region);
  f("started_at", m.started_at);
  f("ended_at", m.ended_at);
  f("duration_seconds", m.duration_seconds, Decimals{3});
  f("result", m.result);
  f("team", m.team);
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("mmr_change", m.mmr_change, Decimals{2});
  f("stats", m.stats);
}

struct HistoryPage {
  std::vector<HistoryEntry> matches;
  std::optional<std::string> next_cursor;
};

template <class F>
void describe(F& f, HistoryPage& m) {
  f("matches", m.matches);
  f("next_cursor", m.next_cursor);
}

/// Newest matches first. An absent `player_id` means the caller.
struct GetHistory {
  static constexpr Subject kSubject{"leaderboard.history"};
  using Answer = HistoryPage;

  std::optional<PlayerId> player_id;
  std::optional<Mode> mode;
  int limit = 20;
  std::optional<std::string> cursor;
};

template <class F>
void describe(F& f, GetHistory& m) {
  using namespace fields;
  f("player_id", m.player_id, InQuery{});
  f("mode", m.mode, InQuery{});
  f("limit", m.limit, Optional{}, InQuery{}, InRange{1, 100});
  f("cursor", m.cursor, InQuery{}, Length{1, 256});
}

struct FinishedPlayer {
  PlayerId player_id;
  std::string username;
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
  fields::RawJson stats;
};

template <class F>
void describe(F& f, FinishedPlayer& m) {
  using namespace fields;
  f("player_id", m.player_id);
  f("username", m.username);
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("mmr_change", m.mmr_change, Decimals{2});
  f("stats", m.stats);
}

struct FinishedMatch {
  MatchId match_id;
  Mode mode;
  Region region;
  TimePoint started_at;
  TimePoint ended_at;
  double duration_seconds = 0;
  std::optional<int> winning_team;
  std::vector<std::vector<FinishedPlayer>> teams;
};

template <class F>
void describe(F& f, FinishedMatch& m) {
  f("match_id", m.match_id);
  f("mode", m.mode);
  f("region", m.region);
  f("started_at", m.started_at);
  f("ended_at", m.ended_at);
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
  f("winning_team", m.winning_team);
  f("teams", m.teams);
}

struct GetFinishedMatch {
  static constexpr Subject kSubject{"leaderboard.match"};
  using Answer = FinishedMatch;

  MatchId match_id;
};

template <class F>
void describe(F& f, GetFinishedMatch& m) {
  f("match_id", m.match_id, fields::InPath{});
}

}  // namespace mm
