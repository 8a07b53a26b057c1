// The change numbers of the tenants, as last read from the queue. A tick reads those of the busy tenants and of up to
// kMaxQuietPerTick quiet ones; if there are more quiet tenants, they take turns. So a thousand tenants without tickets
// cost a tick little, and a ticket in a quiet tenant is found after a few ticks. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "services/matchmaker/queue/owner_store.h"

namespace mm::matchmaker {

class ChangeNumbers {
 public:
  /// A tenant without a change for so long is quiet.
  static constexpr Milliseconds kQuietAfter{10'000};
  static constexpr std::size_t kMaxQuietPerTick = 200;

  /// `address`: of this instance, for the pulse that a query also sends.
  explicit ChangeNumbers(Uuid address) : address_(address) {}

  void add(const Tenant& tenant, SteadyPoint now);
  void remove(const Tenant& tenant);

  /// The query of this tick. `all`: for all tenants. Valid until the next call of any method.
  const PulseQuery& next(SteadyPoint now, bool all);
  struct Change {
    Tenant tenant;
    std::int64_t number = 0;
  };
  /// `numbers`: the answer to the query that next() returned last. Returns the tenants whose number is new.
  std::vector<Change> update(const std::vector<std::int64_t>& numbers, SteadyPoint now);

 private:
  struct Known {
    std::int64_t number = 0;
    SteadyPoint changed_at{};
    bool busy = true;
  };
  using Entry = std::pair<const Tenant, Known>;
  struct Query {
    PulseQuery query;
    std::vector<Entry*> tenants;  ///< in the order of the query
  };
  Query query_of(std::vector<Entry*> tenants) const;
  void make_turns(SteadyPoint now);
  void forget_queries();

  const Uuid address_;
  std::map<Tenant, Known> tenants_;
  std::optional<Query> of_all_;
  std::vector<Query> turns_;
  std::size_t turn_ = 0;
  SteadyPoint turns_made_at_{};
  Query* sent_ = nullptr;
};

}  // namespace mm::matchmaker
