#include "services/profile/store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/bus/outbox.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"
#include "common/storage/array_text.h"
#include "common/storage/postgres.h"
#include "common/wire/codec.h"
#include "common/wire/time_text.h"
#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

using storage::array_text;
using storage::DatabaseError;
using storage::Statement;

const Statement kProfile{
    "profile",
    "SELECT a.username, a.email, a.region, a.preferences, "
    "(extract(epoch FROM a.created_at) * 1000)::bigint AS created_ms, "
    "(extract(epoch FROM a.updated_at) * 1000)::bigint AS updated_ms, r.mode, r.mmr, r.games, r.wins, r.losses, "
    "r.draws "
    "FROM profile.account a LEFT JOIN profile.rating r ON r.tenant = a.tenant AND r.player_id = a.player_id "
    "WHERE a.tenant = $1 AND a.player_id = $2::uuid"};

const Statement kMakeRatings{
    "make_ratings",
    "INSERT INTO profile.rating (tenant, player_id, mode) SELECT $1, id, $2 FROM unnest($3::uuid[]) AS id ORDER BY id "
    "ON CONFLICT DO NOTHING"};

const Statement kLockRatings{
    "lock_ratings",
    "SELECT r.player_id, r.mmr, r.games, r.deviation, r.volatility, "
    "(extract(epoch FROM r.deviation_at) * 1000)::bigint AS deviation_ms, a.username FROM profile.rating r "
    "LEFT JOIN profile.account a ON a.player_id = r.player_id AND a.tenant = r.tenant "
    "WHERE r.tenant = $1 AND r.mode = $2 AND r.player_id = ANY ($3::uuid[]) ORDER BY r.player_id FOR UPDATE OF r"};

const Statement kLogMatch{"log_match",
                          "INSERT INTO profile.applied (match_id, tenant, mode, winning_team, ended_at, rated, rating, "
                          "margin, event) VALUES ($1::uuid, $2, $3, $4, $5::timestamptz, $6::text IS NOT NULL, $6, $7, "
                          "$8) ON CONFLICT (match_id) DO NOTHING"};

const Statement kLogChanges{
    "log_changes",
    "INSERT INTO profile.rating_change (match_id, player_id, team, slot, mmr_before, mmr_after, deviation_before, "
    "deviation_after, volatility_before, volatility_after) "
    "SELECT $1::uuid, * FROM unnest($2::uuid[], $3::integer[], $4::integer[], $5::bigint[], $6::bigint[], "
    "$7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])"};

const Statement kWriteRatings{
    "write_ratings",
    "UPDATE profile.rating r SET mmr = c.mmr, games = r.games + 1, wins = r.wins + c.win, losses = r.losses + c.loss, "
    "draws = r.draws + c.draw, deviation = c.deviation, volatility = c.volatility, "
    "deviation_at = timestamptz 'epoch' + nullif(c.deviation_ms, 0) * interval '1 millisecond' "
    "FROM unnest($3::uuid[], $4::bigint[], $5::integer[], $6::integer[], $7::integer[], $8::bigint[], $9::bigint[], "
    "$10::bigint[]) AS c (player_id, mmr, win, loss, draw, deviation, volatility, deviation_ms) "
    "WHERE r.tenant = $1 AND r.mode = $2 AND r.player_id = c.player_id"};

const Statement kTaken{
    "taken",
    "SELECT EXISTS (SELECT FROM profile.account WHERE tenant = $1 AND username_key = $2) AS username, "
    "EXISTS (SELECT FROM profile.account WHERE tenant = $1 AND email = $3) AS email"};

const Statement kCreate{
    "create",
    "INSERT INTO profile.account (player_id, tenant, username, username_key, email, password_hash, region, "
    "created_at, updated_at) VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8::timestamptz, $8::timestamptz) "
    "ON CONFLICT (player_id) DO NOTHING"};

const Statement kCredential{
    "credential",
    "SELECT player_id, username, region, password_hash FROM profile.account WHERE tenant = $1 AND username_key = $2"};

const Statement kReplaceHash{
    "replace_hash", "UPDATE profile.account SET password_hash = $3 WHERE player_id = $1::uuid AND password_hash = $2"};

const Statement kUpdate{
    "update_profile",
    "UPDATE profile.account SET region = coalesce($3, region), preferences = coalesce($4, preferences), "
    "updated_at = $5::timestamptz WHERE tenant = $1 AND player_id = $2::uuid"};

const Statement kRatingsOf{
    "ratings_of",
    "SELECT player_id, mode, mmr, games, deviation, volatility, "
    "(extract(epoch FROM deviation_at) * 1000)::bigint AS deviation_ms FROM profile.rating "
    "WHERE player_id = ANY ($1::uuid[]) AND ($2::text IS NULL OR tenant = $2) ORDER BY player_id, mode"};

const Statement kRatingsAfter{"ratings_after",
                              "SELECT tenant, player_id, mode, mmr, games, deviation, volatility, "
                              "(extract(epoch FROM deviation_at) * 1000)::bigint AS deviation_ms FROM profile.rating "
                              "WHERE (tenant, player_id, mode) > ($1, $2::uuid, $3) AND tenant <= coalesce($4, tenant) "
                              "ORDER BY tenant, player_id, mode LIMIT $5"};

const Statement kChangesOf{
    "changes_of",
    "SELECT c.match_id, c.mmr_before, c.mmr_after FROM profile.rating_change c JOIN profile.applied a USING (match_id) "
    "WHERE c.match_id = ANY ($1::uuid[]) AND c.player_id = $2::uuid AND a.tenant = $3 AND a.rated "
    "ORDER BY a.applied_seq"};

const Statement kKnown{"known", "SELECT match_id FROM profile.applied WHERE match_id = ANY ($1::uuid[])"};

// For values that profile wrote itself: they parse unless somebody changed the table by hand.
template <class T>
T require(std::optional<T>&& parsed) {
  check(parsed.has_value(), "the schema profile holds a value that profile never writes");
  return *std::move(parsed);
}

template <class T>
T parsed(const pqxx::field& field) {
  return require(T::parse(field.c_str()));
}

TimePoint time_of(const pqxx::field& milliseconds) { return TimePoint(Milliseconds(milliseconds.as<std::int64_t>())); }

Failure<Problem> failed(const DatabaseError& error) {
  log::warning("database_failed", {{"reason", error.text}});
  return fail(storage::to_problem(error));
}

std::string ids_text(const std::vector<PlayerId>& ids) {
  return array_text(ids, [](const PlayerId& id) { return id.to_string(); });
}

Rated rated_of(const pqxx::row& row) {
  Rated rated;
  rated.mmr = row["mmr"].as<Hundredths>();
  rated.games = row["games"].as<std::int64_t>();
  rated.deviation = row["deviation"].as<Hundredths>();
  rated.volatility = row["volatility"].as<Billionths>();
  if (!row["deviation_ms"].is_null()) rated.deviation_at = time_of(row["deviation_ms"]);
  return rated;
}

// The deviation is that of `now`. A player who was never rated has a deviation that does not grow.
Rating rating_of(const pqxx::row& row, TimePoint now) {
  const auto rated = rated_of(row);
  Rating rating;
  rating.player_id = parsed<PlayerId>(row["player_id"]);
  rating.mode = parsed<Mode>(row["mode"]);
  rating.mmr = to_points(rated.mmr);
  rating.games = rated.games;
  rating.deviation = grown_deviation(rated, now);
  if (rated.deviation_at) rating.deviation_at = deviation_time(rated, now);
  rating.deviation_growth = deviation_growth(rated);
  return rating;
}

// The account and its ratings: one row per mode played, or one row with nulls.
std::optional<Profile> read_profile(pqxx::work& tx, const Tenant& tenant, PlayerId player) {
  const auto rows = kProfile(tx, tenant.str(), player.to_string());
  if (rows.empty()) return std::nullopt;
  Profile profile;
  profile.player_id = player;
  profile.username = rows[0]["username"].as<std::string>();
  profile.email = rows[0]["email"].as<std::string>();
  profile.region = parsed<Region>(rows[0]["region"]);
  profile.preferences = fields::RawJson{rows[0]["preferences"].as<std::string>()};
  profile.created_at = time_of(rows[0]["created_ms"]);
  profile.updated_at = time_of(rows[0]["updated_ms"]);
  for (const auto& row : rows) {
    if (row["mode"].is_null()) continue;
    RatingSummary summary{shown_points(row["mmr"].as<Hundredths>()), row["games"].as<std::int64_t>(),
                          row["wins"].as<std::int64_t>(), row["losses"].as<std::int64_t>(),
                          row["draws"].as<std::int64_t>()};
    profile.wins += summary.wins;
    profile.losses += summary.losses;
    const auto mode = row["mode"].as<std::string>();
    if (mode == ranked_mode().str()) profile.mmr = summary.mmr;
    profile.ratings.emplace(mode, summary);
  }
  return profile;
}

std::set<MatchId> known_matches(pqxx::work& tx, const std::vector<const MatchCompleted*>& matches) {
  std::set<MatchId> known;
  const auto ids = array_text(matches, [](const MatchCompleted* match) { return match->match_id.to_string(); });
  for (const auto& row : kKnown(tx, ids)) known.insert(parsed<MatchId>(row["match_id"]));
  return known;
}

std::set<PlayerId> players_of(const MatchCompleted& match) {
  std::set<PlayerId> players;
  for (const auto& team : match.teams) {
    for (const auto& player : team) players.insert(player.player_id);
  }
  return players;
}

// Locks the rows of all players of a batch before the first match is applied. Rows are inserted and then locked in the
// order of tenant, mode and player, so no two transactions wait for each other.
void lock_all_ratings(pqxx::work& tx, const std::vector<const MatchCompleted*>& matches) {
  std::map<std::pair<Tenant, Mode>, std::set<PlayerId>> players;
  for (const auto* match : matches) players[{match->tenant, match->mode}].merge(players_of(*match));
  for (const auto& [of, ids] : players) {
    const auto text = array_text(ids, [](const PlayerId& id) { return id.to_string(); });
    kMakeRatings(tx, of.first.str(), of.second.str(), text);
    kLockRatings(tx, of.first.str(), of.second.str(), text);
  }
}

// Locks and reads the rows of the match's players, in the order of the ids.
std::map<PlayerId, PlayerBefore> lock_ratings(pqxx::work& tx, const MatchCompleted& match) {
  const auto ids = array_text(players_of(match), [](const PlayerId& id) { return id.to_string(); });
  kMakeRatings(tx, match.tenant.str(), match.mode.str(), ids);
  const auto rows = kLockRatings(tx, match.tenant.str(), match.mode.str(), ids);
  std::map<PlayerId, PlayerBefore> before;
  for (const auto& row : rows) {
    PlayerBefore player{rated_of(row), std::nullopt};
    if (!row["username"].is_null()) player.username = row["username"].as<std::string>();
    before.emplace(parsed<PlayerId>(row["player_id"]), std::move(player));
  }
  return before;
}

template <class Item>
std::string array_of(const RatedMatch& rated, Item item) {
  return array_text(rated.changes, item);
}

std::string ids_of(const RatedMatch& rated) {
  return array_of(rated, [](const RatingChange& c) { return c.player_id.to_string(); });
}

/// False: the match is in the log already.
bool log_match(pqxx::work& tx, const RatedMatch& rated, const std::string& event_text) {
  const auto& event = rated.event;
  std::optional<std::string> system;
  if (rated.system) system = std::string(text_of(*rated.system));
  const auto logged =
      kLogMatch(tx, event.match_id.to_string(), event.tenant.str(), event.mode.str(), event.winning_team,
                wire::format_time(event.ended_at), system, rated.margin, event_text);
  if (logged.affected_rows() == 0) return false;
  kLogChanges(tx, event.match_id.to_string(), ids_of(rated),
              array_of(rated, [](const RatingChange& c) { return c.team; }),
              array_of(rated, [](const RatingChange& c) { return c.slot; }),
              array_of(rated, [](const RatingChange& c) { return c.before.mmr; }),
              array_of(rated, [](const RatingChange& c) { return c.after.mmr; }),
              array_of(rated, [](const RatingChange& c) { return c.before.deviation; }),
              array_of(rated, [](const RatingChange& c) { return c.after.deviation; }),
              array_of(rated, [](const RatingChange& c) { return c.before.volatility; }),
              array_of(rated, [](const RatingChange& c) { return c.after.volatility; }));
  return true;
}

// A deviation_at of 0 is stored as NULL: no match ended in 1970.
void write_ratings(pqxx::work& tx, const RatedMatch& rated) {
  const auto ones_of = [&](Outcome outcome) {
    return array_of(rated, [outcome](const RatingChange& c) { return c.outcome == outcome ? 1 : 0; });
  };
  kWriteRatings(tx, rated.event.tenant.str(), rated.event.mode.str(), ids_of(rated),
                array_of(rated, [](const RatingChange& c) { return c.after.mmr; }), ones_of(Outcome::win),
                ones_of(Outcome::loss), ones_of(Outcome::draw),
                array_of(rated, [](const RatingChange& c) { return c.after.deviation; }),
                array_of(rated, [](const RatingChange& c) { return c.after.volatility; }),
                array_of(rated, [](const RatingChange& c) {
                  return c.after.deviation_at.value_or(TimePoint{}).time_since_epoch().count();
                }));
}

}  // namespace

Reply<std::optional<Code>> Store::taken(const Tenant& tenant, const std::string& username_key, const std::string& email,
                                        Deadline deadline) {
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    const auto row = kTaken(tx, tenant.str(), username_key, email)[0];
    if (row["username"].as<bool>()) return std::optional(Code::username_taken);
    if (row["email"].as<bool>()) return std::optional(Code::email_taken);
    return std::optional<Code>();
  });
  if (!found) return failed(found.error());
  return *found;
}

Reply<Done> Store::create(const NewAccount& account, Deadline deadline) {
  const auto insert = [&] {
    return postgres_.transaction(deadline, [&](pqxx::work& tx) {
      // A row with this player_id is from the first try, whose outcome was lost.
      kCreate(tx, account.player_id.to_string(), account.tenant.str(), account.username, account.username_key,
              account.email, account.password_hash, account.region.str(), wire::format_time(account.created_at));
    });
  };
  auto created = insert();
  if (!created && created.error().kind == DatabaseError::Kind::unknown_outcome) created = insert();
  if (created) return Done{};
  if (created.error().kind == DatabaseError::Kind::conflict) return refuse(code_named(created.error().constraint));
  return failed(created.error());
}

Reply<std::optional<Credential>> Store::find_credential(const Tenant& tenant, const std::string& username_key,
                                                        Deadline deadline) {
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) -> std::optional<Credential> {
    const auto rows = kCredential(tx, tenant.str(), username_key);
    if (rows.empty()) return std::nullopt;
    return Credential{parsed<PlayerId>(rows[0]["player_id"]), rows[0]["username"].as<std::string>(),
                      parsed<Region>(rows[0]["region"]), rows[0]["password_hash"].as<std::string>()};
  });
  if (!found) return failed(found.error());
  return *std::move(found);
}

Reply<Done> Store::replace_hash(PlayerId player, const std::string& old_hash, const std::string& new_hash,
                                Deadline deadline) {
  auto done = postgres_.transaction(deadline,
                                    [&](pqxx::work& tx) { kReplaceHash(tx, player.to_string(), old_hash, new_hash); });
  if (!done) return failed(done.error());
  return Done{};
}

Reply<std::optional<Profile>> Store::find_profile(const Tenant& tenant, PlayerId player, Deadline deadline) {
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) { return read_profile(tx, tenant, player); });
  if (!found) return failed(found.error());
  return *std::move(found);
}

Reply<std::optional<Profile>> Store::update(const Tenant& tenant, PlayerId player, const UpdateProfile& change,
                                            TimePoint now, Deadline deadline) {
  std::optional<std::string> region;
  std::optional<std::string> preferences;
  if (change.region) region = change.region->str();
  if (change.preferences) preferences = change.preferences->text;
  auto updated = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    if (region || preferences) {
      kUpdate(tx, tenant.str(), player.to_string(), region, preferences, wire::format_time(now));
    }
    return read_profile(tx, tenant, player);
  });
  if (!updated) return failed(updated.error());
  return *std::move(updated);
}

Reply<std::vector<Rating>> Store::ratings_of(const std::optional<Tenant>& tenant, const std::vector<PlayerId>& players,
                                             TimePoint now, Deadline deadline) {
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    std::vector<Rating> ratings;
    const auto rows = kRatingsOf(tx, ids_text(players), tenant ? std::optional(tenant->str()) : std::nullopt);
    for (const auto& row : rows) ratings.push_back(rating_of(row, now));
    return ratings;
  });
  if (!found) return failed(found.error());
  return *std::move(found);
}

Reply<std::vector<MatchRatingChange>> Store::changes_of(const Tenant& tenant, const GetRatingChanges& request,
                                                        Deadline deadline) {
  const auto matches = array_text(request.match_ids, [](const MatchId& id) { return id.to_string(); });
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    std::vector<MatchRatingChange> changes;
    for (const auto& row : kChangesOf(tx, matches, request.player_id.to_string(), tenant.str())) {
      const auto before = row["mmr_before"].as<Hundredths>();
      const auto after = row["mmr_after"].as<Hundredths>();
      changes.push_back(
          {parsed<MatchId>(row["match_id"]), to_points(before), to_points(after), to_points(after - before)});
    }
    return changes;
  });
  if (!found) return failed(found.error());
  return *std::move(found);
}

Reply<Store::RatingPage> Store::ratings_after(const std::optional<Tenant>& tenant,
                                              const std::optional<RatingCursor>& cursor, int limit, TimePoint now,
                                              Deadline deadline) {
  // The empty tenant is before the first key. The pages of one tenant start and end within that tenant.
  const auto from_tenant = cursor ? cursor->tenant.str() : tenant ? tenant->str() : std::string();
  const auto from_player = cursor ? cursor->player_id : PlayerId();
  const auto from_mode = cursor ? cursor->mode.str() : std::string();
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    RatingPage page;
    const auto rows = kRatingsAfter(tx, from_tenant, from_player.to_string(), from_mode,
                                    tenant ? std::optional(tenant->str()) : std::nullopt, limit + 1);
    for (const auto& row : rows) {
      if (std::cmp_equal(page.ratings.size(), limit)) {
        const auto& last = rows[page.ratings.size() - 1];
        page.next = RatingCursor{parsed<Tenant>(last["tenant"]), parsed<PlayerId>(last["player_id"]),
                                 parsed<Mode>(last["mode"])};
        break;
      }
      page.ratings.push_back(rating_of(row, now));
    }
    return page;
  });
  if (!found) return failed(found.error());
  return *std::move(found);
}

Reply<std::vector<std::optional<RatedMatch>>> Store::with_locked_ratings(
    const std::vector<const MatchCompleted*>& matches, const DecideRatings& decide, Deadline deadline) {
  using Results = std::vector<std::optional<RatedMatch>>;
  auto applied = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    // Most duplicates are found here, before anything is locked.
    const auto known = known_matches(tx, matches);
    if (matches.size() - known.size() > 1) lock_all_ratings(tx, matches);
    Results results(matches.size());
    std::vector<bus::Outbox::Event> events;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      const auto id = matches[i]->match_id;
      if (known.contains(id)) continue;
      const trace::Scope scope(trace::of_match(id));
      auto rated = decide(*matches[i], lock_ratings(tx, *matches[i]));
      const auto event_text = wire::encode(rated.event);
      if (!log_match(tx, rated, event_text)) continue;
      write_ratings(tx, rated);
      events.push_back({MatchRated::kSubject.text, event_text, id.to_string() + ".rated", trace::current()});
      results[i] = std::move(rated);
    }
    outbox_.add(tx, events);
    return results;
  });
  if (!applied) return failed(applied.error());
  outbox_.wake();
  return *std::move(applied);
}

}  // namespace mm::profile
