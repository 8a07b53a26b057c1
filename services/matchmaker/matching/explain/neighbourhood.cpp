#include "services/matchmaker/matching/explain/neighbourhood.h"

#include <algorithm>

namespace mm::matching {
namespace {

SortedWaiters::Place place_of(const Pool& pool, Slot slot) {
  auto place = pool.sorted().first_from(pool.rating(slot));
  while (pool.sorted().at(place).slot != slot) place = pool.sorted().next(place);
  return place;
}

}  // namespace

// Takes tickets outwards from the ticket, always on the nearer side. In modes without ratings the sorted list is by
// rating too, and all tickets are equally suitable.
Neighbourhood copy_neighbourhood(const Pool& pool, BucketMs now, const PlannerMemory& memory, Slot slot,
                                 std::size_t limit) {
  Neighbourhood around{.rules = pool.rules(),
                       .team_size = pool.team_size(),
                       .region = pool.region(),
                       .subject = pool.id(slot),
                       .now = now,
                       .why = why_waiting(pool, pool.rules(), now, memory, slot),
                       .tickets = {},
                       .beyond_low = {},
                       .beyond_high = {},
                       .pool_tickets = pool.size(),
                       .pool_players = pool.players(),
                       .pool_sizes = {0}};
  for (int size = 1; size <= pool.team_size(); ++size) around.pool_sizes.push_back(pool.tickets_of(size));
  const SortedWaiters& sorted = pool.sorted();
  auto from = place_of(pool, slot);
  auto to = sorted.next(from);
  const Rating own = pool.rating(slot);
  std::size_t taken = 1;
  for (; taken < limit && (from != sorted.begin() || to != sorted.end()); ++taken) {
    const bool down = to == sorted.end() || (from != sorted.begin() &&
                                             own - sorted.at(sorted.before(from)).rating <= sorted.at(to).rating - own);
    if (down) from = sorted.before(from);
    else to = sorted.next(to);
  }
  around.tickets.reserve(taken);
  sorted.for_each(from, to, [&](const Waiter& waiter) {
    around.tickets.push_back(
        {pool.ticket(waiter.slot), memory.recall(pool, waiter.slot), waiter.rating, pool.opens_at(waiter.slot)});
  });
  if (from != sorted.begin()) around.beyond_low = sorted.at(sorted.before(from)).rating;
  if (to != sorted.end()) around.beyond_high = sorted.at(to).rating;
  return around;
}

PoolCopy::PoolCopy(const Neighbourhood& around) : pool(around.rules, around.team_size, around.region) {
  for (const Neighbour& neighbour : around.tickets) {
    pool.upsert(neighbour.ticket);
    recalled.emplace_back(*pool.slot_of(neighbour.ticket.id), neighbour.recalled);
  }
  subject = *pool.slot_of(around.subject);
}

}  // namespace mm::matching
