// The simulated tables of profile that hold ratings, with the transactions of services/profile/store.h that ratings
// need. Accounts are not simulated. Each method is one transaction. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "services/profile/store.h"
#include "tests/simulation/servers/outbox_table.h"

namespace mm::simulation {

class ProfileTables {
 public:
  using Store = profile::Store;
  /// A player in a mode of a tenant.
  struct Key {
    Tenant tenant;
    PlayerId player;
    Mode mode;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  std::vector<std::optional<profile::RatedMatch>> with_locked_ratings(const std::vector<const MatchCompleted*>& matches,
                                                                      const Store::DecideRatings& decide,
                                                                      TimePoint now);
  Store::RatingPage ratings_after(const std::optional<Tenant>& tenant,
                                  const std::optional<profile::RatingCursor>& cursor, int limit, TimePoint now) const;
  std::vector<Rating> ratings_of(const std::optional<Tenant>& tenant, const std::vector<PlayerId>& players,
                                 TimePoint now) const;

  const std::map<Key, profile::Rated>& ratings() const { return ratings_; }
  /// How often each match was applied: more than once is impossible, as in the real table.
  const std::map<MatchId, MatchRated>& applied() const { return applied_; }
  OutboxTable& outbox() { return outbox_; }
  const OutboxTable& outbox() const { return outbox_; }

 private:
  std::map<Key, profile::Rated> ratings_;
  std::map<MatchId, MatchRated> applied_;
  OutboxTable outbox_;
};

}  // namespace mm::simulation
