// Profile's tables: the only SQL of this service. Each method is one transaction and safe to run again: writes are
// idempotent by player_id or match_id. Database errors are logged here and returned as problems. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/modes.h"
#include "common/contracts/problem.h"
#include "common/contracts/profile.h"
#include "services/profile/core/rate_match.h"
#include "services/profile/core/rating_cursor.h"

namespace mm::bus {
class Outbox;
}

namespace mm::storage {
class Postgres;
}  // namespace mm::storage

namespace mm::profile {

struct NewAccount {
  PlayerId player_id;
  Tenant tenant;
  std::string username;      ///< as the player writes it
  std::string username_key;  ///< as it is compared
  std::string email;         ///< in lower case
  std::string password_hash;
  Region region;
  TimePoint created_at;
};

/// What a login is checked against.
struct Credential {
  PlayerId player_id;
  std::string username;
  Region region;
  std::string password_hash;
};

class Store {
 public:
  Store(storage::Postgres& postgres, bus::Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  /// `username_taken`, `email_taken`, or none if both are free now. Only a hint: `create` decides.
  Reply<std::optional<Code>> taken(const Tenant& tenant, const std::string& username_key, const std::string& email,
                                   Deadline deadline);
  /// The unique constraints refuse it with username_taken or email_taken.
  Reply<Done> create(const NewAccount& account, Deadline deadline);

  Reply<std::optional<Credential>> find_credential(const Tenant& tenant, const std::string& username_key,
                                                   Deadline deadline);
  /// Does nothing if the hash is no longer `old_hash`.
  Reply<Done> replace_hash(PlayerId player, const std::string& old_hash, const std::string& new_hash,
                           Deadline deadline);

  /// Includes the private part.
  Reply<std::optional<Profile>> find_profile(const Tenant& tenant, PlayerId player, Deadline deadline);
  /// Returns the changed profile; none: no such player.
  Reply<std::optional<Profile>> update(const Tenant& tenant, PlayerId player, const UpdateProfile& change,
                                       TimePoint now, Deadline deadline);

  /// The ratings of the named players in every mode they have played, with the deviations that they have at `now`.
  Reply<std::vector<Rating>> ratings_of(const std::optional<Tenant>& tenant, const std::vector<PlayerId>& players,
                                        TimePoint now, Deadline deadline);
  struct RatingPage {
    std::vector<Rating> ratings;
    std::optional<RatingCursor> next;
  };
  /// Up to `limit` ratings after the cursor, in the order of (tenant, player, mode).
  Reply<RatingPage> ratings_after(const std::optional<Tenant>& tenant, const std::optional<RatingCursor>& cursor,
                                  int limit, TimePoint now, Deadline deadline);

  /// How these matches changed the player's ratings. Unrated and unknown matches are left out.
  Reply<std::vector<MatchRatingChange>> changes_of(const Tenant& tenant, const GetRatingChanges& request,
                                                   Deadline deadline);

  /// `rows`: of every player of the match. May run more than once.
  using DecideRatings =
      std::function<RatedMatch(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& rows)>;
  /// For each match in order, in one transaction: locks the ratings of its players, asks `decide` for the new ones, and
  /// writes them, the log and match.rated (into the outbox). Returns one result per match; none: it was applied before.
  Reply<std::vector<std::optional<RatedMatch>>> with_locked_ratings(const std::vector<const MatchCompleted*>& matches,
                                                                    const DecideRatings& decide, Deadline deadline);

 private:
  storage::Postgres& postgres_;
  bus::Outbox& outbox_;
};

}  // namespace mm::profile
