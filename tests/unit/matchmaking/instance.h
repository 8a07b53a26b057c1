// Small queues for the tests of matching, built by hand or drawn from a seed, and checks of plans for them. The checks
// have their own arithmetic, in doubles instead of the integers of the code under test.
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

/// Ids made from a number, so that the output of a failing test is readable.
Uuid numbered_uuid(std::uint64_t number);
TicketId ticket_id(std::uint64_t number);

ModeRules rules_for(int teams = 2);

/// A ticket of `size` players of the same rating that has waited `waited_seconds` at kNow.
PoolTicket ticket(std::uint64_t number, double rating, double waited_seconds = 0, int size = 1);

struct Instance {
  ModeRules rules;
  int team_size = 1;
  std::vector<PoolTicket> tickets;

  Pool pool() const;
  std::string to_string() const;
};

/// A queue with random ratings, waits, party sizes and team size, and at most `most` tickets.
Instance random_instance(std::uint64_t seed, std::size_t most = 24);

/// Rating and window of a ticket by the rules, computed independently of the code under test.
double rating_of_ticket(const PoolTicket& ticket, const ModeRules& rules);
double window_of_ticket(const PoolTicket& ticket, const ModeRules& rules, BucketMs now);

/// The rules that the plan breaks, one sentence per breach; empty if it breaks none.
std::vector<std::string> breaches(const Pool& pool, const ModeRules& rules, BucketMs now, const TickPlan& plan);

/// The tickets that the plan neither matched nor expired.
std::vector<PoolTicket> left_waiting(const Pool& pool, const TickPlan& plan);

/// The sum of the utilities of the matches, from the qualities in the plan and the waits of the tickets.
double utility_of(const Pool& pool, const ModeRules& rules, BucketMs now, const TickPlan& plan);

/// The plan as sorted ticket ids by match and team: equal for equal plans of different pools.
std::vector<std::vector<std::vector<TicketId>>> who_plays(const Pool& pool, const TickPlan& plan);

}  // namespace mm::matching::testing
