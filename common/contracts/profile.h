// Messages of the profile service: accounts, profiles and ratings.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/limits.h"
#include "common/contracts/fields.h"
#include "common/contracts/names.h"
#include "common/contracts/subjects.h"

namespace mm {

inline constexpr double kInitialMmr = 1500.0;
inline constexpr double kInitialDeviation = 350.0;

namespace fields {
inline constexpr Matches kUsername{"^[A-Za-z0-9_-]{3,32}$", [](std::string_view text) {
                                     for (char c : text) {
                                       const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                                       if (!letter && !names::is_digit(c) && c != '_' && c != '-') return false;
                                     }
                                     return text.size() >= 3 && text.size() <= 32;
                                   }};
/// Exactly one @ with text on both sides, a dot in the domain, no spaces or control characters. Whether the address can
/// receive mail is not checked.
inline constexpr Matches kEmail{"^[^@ ]+@[^@ ]+\\.[^@ ]+$", [](std::string_view text) {
                                  const auto at = text.find('@');
                                  if (at == 0 || at == std::string_view::npos) return false;
                                  const auto domain = text.substr(at + 1);
                                  const auto dot = domain.rfind('.');
                                  for (char c : text) {
                                    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return false;
                                  }
                                  return domain.find('@') == std::string_view::npos && dot != 0 &&
                                         dot != std::string_view::npos && dot + 1 < domain.size();
                                }};
}  // namespace fields

struct RegisteredPlayer {
  PlayerId player_id;
  std::string username;
  std::string email;
  Region region;
  int mmr = static_cast<int>(kInitialMmr);
  TimePoint created_at;
};

template <class F>
void describe(F& f, RegisteredPlayer& m) {
  f("player_id", m.player_id);
  f("username", m.username);
  f("email", m.email);
  f("region", m.region);
  f("mmr", m.mmr);
  f("created_at", m.created_at);
}

struct RegisterPlayer {
  static constexpr Subject kSubject{"profile.register"};
  using Answer = RegisteredPlayer;

  std::string username;
  std::string email;
  std::string password;
  Region region = default_region();
  Tenant tenant = default_tenant();
};

template <class F>
void describe(F& f, RegisterPlayer& m) {
  using namespace fields;
  f("username", m.username, kUsername);
  f("email", m.email, Length{3, 254}, kEmail);
  f("password", m.password, Bytes{8, 72});
  f("region", m.region, Optional{});
  f("tenant", m.tenant, Optional{});
}

/// The answer to a successful login. The gateway issues the tokens.
struct LoggedIn {
  PlayerId player_id;
  std::string username;
  Region region;
  Tenant tenant;
};

template <class F>
void describe(F& f, LoggedIn& m) {
  f("player_id", m.player_id);
  f("username", m.username);
  f("region", m.region);
  f("tenant", m.tenant);
}

struct LoginPlayer {
  static constexpr Subject kSubject{"profile.login"};
  using Answer = LoggedIn;

  std::string username;
  std::string password;
  Tenant tenant = default_tenant();
};

template <class F>
void describe(F& f, LoginPlayer& m) {
  using namespace fields;
  f("username", m.username, Length{1, 254});
  f("password", m.password, Bytes{1, 1024});
  f("tenant", m.tenant, Optional{});
}

/// A player's rating in one mode as shown to players: the MMR is rounded.
struct RatingSummary {
  int mmr = static_cast<int>(kInitialMmr);
  std::int64_t games = 0;
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::int64_t draws = 0;
};

template <class F>
void describe(F& f, RatingSummary& m) {
  f("mmr", m.mmr);
  f("games", m.games);
  f("wins", m.wins);
  f("losses", m.losses);
  f("draws", m.draws);
}

struct Profile {
  PlayerId player_id;
  std::string username;
  std::optional<std::string> email;  ///< only if the caller is the player
  Region region;
  int mmr = static_cast<int>(kInitialMmr);       ///< of the mode `ranked`
  std::map<std::string, RatingSummary> ratings;  ///< by mode
  std::int64_t wins = 0;                         ///< over all modes
  std::int64_t losses = 0;
  std::optional<fields::RawJson> preferences;  ///< only if the caller is the player
  TimePoint created_at;
  TimePoint updated_at;
};

template <class F>
void describe(F& f, Profile& m) {
  f("player_id", m.player_id);
  f("username", m.username);
  f("email", m.email);
  f("region", m.region);
  f("mmr", m.mmr);
  f("ratings", m.ratings);
  f("wins", m.wins);
  f("losses", m.losses);
  f("preferences", m.preferences);
  f("created_at", m.created_at);
  f("updated_at", m.updated_at);
}

/// Returns the public part of a profile, or all of it if the caller is the player.
struct GetProfile {
  static constexpr Subject kSubject{"profile.get"};
  using Answer = Profile;

  PlayerId player_id;
};

template <class F>
void describe(F& f, GetProfile& m) {
  f("player_id", m.player_id, fields::InPath{});
}

/// Updates the caller's profile.
struct UpdateProfile {
  static constexpr Subject kSubject{"profile.update"};
  using Answer = Profile;
  static constexpr std::size_t kMaxPreferencesBytes = 4096;

  std::optional<Region> region;
  std::optional<fields::RawJson> preferences;
};

template <class F>
void describe(F& f, UpdateProfile& m) {
  f("region", m.region);
  f("preferences", m.preferences, fields::RawObject{UpdateProfile::kMaxPreferencesBytes});
}

/// A row of a rating read model, with exact values.
struct Rating {
  PlayerId player_id;
  Mode mode;
  double mmr = kInitialMmr;
  double deviation = kInitialDeviation;
  std::int64_t games = 0;
  std::optional<TimePoint> deviation_at = {};  ///< when `deviation` was valid; it grows from then on (deviation.h)
  double deviation_growth = 0;                 ///< points per square root of a day
};

template <class F>
void describe(F& f, Rating& m) {
  using namespace fields;
  f("player_id", m.player_id);
  f("mode", m.mode);
  f("mmr", m.mmr, Decimals{2});
  f("deviation", m.deviation, Decimals{2}, Optional{});
  f("games", m.games);
  f("deviation_at", m.deviation_at);
  f("deviation_growth", m.deviation_growth, Decimals{3}, Optional{});
}

struct Ratings {
  std::vector<Rating> ratings;
  std::optional<std::string> next_cursor;
};

template <class F>
void describe(F& f, Ratings& m) {
  f("ratings", m.ratings);
  f("next_cursor", m.next_cursor);
}

/// Without `player_ids`: every rating of the tenant (of all tenants if `tenant` is absent), in pages. With
/// `player_ids`: the ratings of these players. A player without a row has the initial rating.
struct GetRatings {
  static constexpr Subject kSubject{"profile.ratings"};
  using Answer = Ratings;
  static constexpr std::size_t kMaxPlayers = 1000;

  std::optional<Tenant> tenant;
  std::optional<std::vector<PlayerId>> player_ids;
  int limit = 1000;
  std::optional<std::string> cursor;
};

template <class F>
void describe(F& f, GetRatings& m) {
  using namespace fields;
  f("tenant", m.tenant);
  f("player_ids", m.player_ids, Count{1, GetRatings::kMaxPlayers});
  f("limit", m.limit, Optional{}, InRange{1, 1000});
  f("cursor", m.cursor, Length{1, 256});
}

/// How one match changed one player's rating, with the same values as the frame `rating_changed`.
struct MatchRatingChange {
  MatchId match_id;
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
};

template <class F>
void describe(F& f, MatchRatingChange& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("mmr_change", m.mmr_change, Decimals{2});
}

struct RatingChanges {
  std::vector<MatchRatingChange> changes;
};

template <class F>
void describe(F& f, RatingChanges& m) {
  f("changes", m.changes);
}

/// The player's rating changes in these matches. Matches that are not rated yet, or belong to an unrated mode, are left
/// out.
struct GetRatingChanges {
  static constexpr Subject kSubject{"profile.changes"};
  using Answer = RatingChanges;
  static constexpr std::size_t kMaxMatches = 100;

  PlayerId player_id;
  std::vector<MatchId> match_ids;
};

template <class F>
void describe(F& f, GetRatingChanges& m) {
  f("player_id", m.player_id);
  f("match_ids", m.match_ids, fields::Count{1, GetRatingChanges::kMaxMatches});
}

}  // namespace mm
