// Small queues for the tests of the matching core: built by hand or drawn from a seed, and looked at from outside,
// with arithmetic of their own (plain doubles instead of the core's whole numbers).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/pool/pool.h"

namespace mm::matching::testing {

inline constexpr BucketMs kNow = 1'800'000'000'000;

/// Ids that count up, so that a failing test is readable.
Uuid numbered_uuid(std::uint64_t number);
TicketId ticket_id(std::uint64_t number);

ModeRules rules_for(int teams = 2);

/// A ticket of `size` players of one rating that has waited so long at kNow.
PoolTicket ticket(std::uint64_t number, double rating, double waited_seconds = 0, int size = 1);

struct Instance {
  ModeRules rules;
  int team_size = 1;
  std::vector<PoolTicket> tickets;

  Pool pool() const;
  std::string to_string() const;
};

/// Mixed ratings, waits, sizes and team sizes; at most `most` tickets.
Instance random_instance(std::uint64_t seed, std::size_t most = 24);

/// What the rules say of a ticket, worked out apart from the core.
double rating_of_ticket(const PoolTicket& ticket, const ModeRules& rules);
double window_of_ticket(const PoolTicket& ticket, const ModeRules& rules, BucketMs now);

/// Everything a plan must hold to, in one sentence per breach; empty if it holds.
std::vector<std::string> breaches(const Pool& pool, const ModeRules& rules, BucketMs now, const TickPlan& plan);

/// Whom the plan neither matched nor expired.
std::vector<PoolTicket> left_waiting(const Pool& pool, const TickPlan& plan);

/// The sum of the matches' utilities, from the plan's own figures and the tickets' waits.
double utility_of(const Pool& pool, const ModeRules& rules, BucketMs now, const TickPlan& plan);

/// The plan as sorted ticket ids by match and team: equal for equal plans of different pools.
std::vector<std::vector<std::vector<TicketId>>> who_plays(const Pool& pool, const TickPlan& plan);

}  // namespace mm::matching::testing
