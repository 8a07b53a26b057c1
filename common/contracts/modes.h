// The mode table: the rules of each mode of a game. Daemons read it from a TOML file (common/wire/mode_table.h); the
// matching code uses only these values.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/limits.h"
#include "common/contracts/enum_text.h"
#include "common/contracts/fields.h"
#include "common/contracts/names.h"

namespace mm {

enum class Widening { linear, steps };

template <>
struct EnumText<Widening> {
  static constexpr std::array<std::pair<Widening, std::string_view>, 2> kAll{{
      {Widening::linear, "linear"},
      {Widening::steps, "steps"},
  }};
};

/// docs/RATINGS.md describes the rating systems and when to use each.
enum class RatingSystem { elo, glicko2, weng_lin };

template <>
struct EnumText<RatingSystem> {
  static constexpr std::array<std::pair<RatingSystem, std::string_view>, 3> kAll{{
      {RatingSystem::elo, "elo"},
      {RatingSystem::glicko2, "glicko2"},
      {RatingSystem::weng_lin, "weng_lin"},
  }};
};

/// Pattern of the name of a number that a game server reports for each player (in `player_stats`).
struct StatRule {
  static constexpr std::string_view kPattern = "^[A-Za-z0-9_]{1,32}$";
  static constexpr bool accepts(std::string_view text) {
    if (text.empty() || text.size() > 32) return false;
    for (char c : text) {
      const bool upper = c >= 'A' && c <= 'Z';
      if (!names::is_lower(c) && !upper && !names::is_digit(c) && c != '_') return false;
    }
    return true;
  }
};
using StatName = Name<StatRule>;

/// One `[[mode]]` table. Rating windows are in rating points, latencies in milliseconds.
struct ModeRules {
  Mode id;
  int teams = 2;
  std::vector<int> team_sizes{1, 2, 3, 4, 5};
  std::optional<int> default_team_size;  ///< absent: the largest of team_sizes
  bool use_rating = true;                ///< false: rating windows are ignored; older tickets first
  double initial_window = 100;
  double max_window = 500;
  Widening widen = Widening::linear;
  double widen_seconds = 40;  ///< linear: the window grows from initial to max in this time
  double step_seconds = 5;    ///< steps: after each interval of this length …
  double step_points = 50;    ///< … the window grows by this many points
  double max_wait_seconds = 600;
  std::optional<double> max_latency_ms;
  double latency_step_ms = 25;
  double latency_step_seconds = 10;
  std::vector<double> premade_offset{0};  ///< indexed by party size - 1; larger parties use the last entry
  std::optional<double> max_party_spread;
  double loading_seconds = 0;  ///< 0: no loading phase
  double no_show_seconds = 0;  ///< 0: off
  double disconnect_grace_seconds = 30;
  RatingSystem rating = RatingSystem::elo;
  bool rated = true;
  std::optional<StatName> margin_stat;  ///< stat whose sum over a team is its score; absent: margins are ignored
  double margin_weight = 1;             ///< a win to nil counts as this many games more than a narrow win

  bool has_team_size(int size) const;
  int team_size_or_default(std::optional<int> asked) const;
};

template <class F>
void describe(F& f, ModeRules& m) {
  using namespace fields;
  f("id", m.id);
  f("teams", m.teams, Optional{}, InRange{2, limits::kMaxTeams});
  f("team_sizes", m.team_sizes, Optional{}, Count{1, 100}, InRange{1, limits::kMaxTeamSize});
  f("default_team_size", m.default_team_size, InRange{1, limits::kMaxTeamSize});
  f("use_rating", m.use_rating, Optional{});
  f("initial_window", m.initial_window, Optional{}, InRange{0, 20'000});
  f("max_window", m.max_window, Optional{}, InRange{0, 20'000});
  f("widen", m.widen, Optional{});
  f("widen_seconds", m.widen_seconds, Optional{}, InRange{0.1, 86'400});
  f("step_seconds", m.step_seconds, Optional{}, InRange{0.1, 86'400});
  f("step_points", m.step_points, Optional{}, InRange{0, 20'000});
  f("max_wait_seconds", m.max_wait_seconds, Optional{}, InRange{1, 86'400});
  f("max_latency_ms", m.max_latency_ms, InRange{1, 10'000});
  f("latency_step_ms", m.latency_step_ms, Optional{}, InRange{0, 10'000});
  f("latency_step_seconds", m.latency_step_seconds, Optional{}, InRange{0.1, 86'400});
  f("premade_offset", m.premade_offset, Optional{}, Count{1, 100}, InRange{-5'000, 5'000});
  f("max_party_spread", m.max_party_spread, InRange{0, 20'000});
  f("loading_seconds", m.loading_seconds, Optional{}, InRange{0, 600});
  f("no_show_seconds", m.no_show_seconds, Optional{}, InRange{0, 3'600});
  f("disconnect_grace_seconds", m.disconnect_grace_seconds, Optional{}, InRange{0, 3'600});
  f("rating", m.rating, Optional{});
  f("rated", m.rated, Optional{});
  f("margin_stat", m.margin_stat);
  f("margin_weight", m.margin_weight, Optional{}, InRange{0, 1});
}

/// All modes of a deployment, in the order of the file.
class ModeTable {
 public:
  ModeTable() = default;
  explicit ModeTable(std::vector<ModeRules> modes) : modes_(std::move(modes)) {}

  const ModeRules* find(const Mode& mode) const;
  const std::vector<ModeRules>& all() const { return modes_; }

 private:
  std::vector<ModeRules> modes_;
};

}  // namespace mm
