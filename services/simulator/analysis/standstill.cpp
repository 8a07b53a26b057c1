#include "services/simulator/analysis/standstill.h"

#include <algorithm>
#include <utility>

namespace mm::simulator {
namespace {

bool is_matched(const matching::Pool& pool, const matching::TickPlan& tick, const TicketId& id) {
  return std::any_of(tick.seats.begin(), tick.seats.end(),
                     [&](const matching::Seat& seat) { return pool.id(seat.slot) == id; });
}

}  // namespace

Standstill::Standstill(const QueueView& queue)
    : rules_(queue.pool.rules()),
      team_size_(queue.pool.team_size()),
      region_(queue.pool.region()),
      ticks_(queue.ticks) {
  queue.pool.sorted().for_each([&](const matching::Waiter& waiter) {
    waiting_.push_back({queue.pool.ticket(waiter.slot), queue.memory.recall(queue.pool, waiter.slot)});
  });
}

const matching::PoolTicket* Standstill::find(const TicketId& id) const {
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.ticket.id == id; });
  return found == waiting_.end() ? nullptr : &found->ticket;
}

void Standstill::restore(matching::Pool& pool, matching::PlannerMemory& memory,
                         const std::vector<matching::PoolTicket>& newcomers) const {
  std::vector<std::pair<matching::Slot, matching::PlannerMemory::TicketMemory>> recalled;
  const auto put = [&](const matching::PoolTicket& ticket, const matching::PlannerMemory::TicketMemory& of_it) {
    pool.upsert(ticket);
    recalled.emplace_back(*pool.slot_of(ticket.id), of_it);
  };
  for (const Waiting& waiting : waiting_) put(waiting.ticket, waiting.recalled);
  for (const matching::PoolTicket& newcomer : newcomers)
    put(newcomer, matching::PlannerMemory::TicketMemory{matching::BucketMs{0}});
  memory.resume(pool, recalled);
}

std::map<TicketId, Standstill::End> Standstill::play_on(matching::BucketMs until) const {
  matching::Pool pool = empty_pool();
  matching::PlannerMemory memory;
  restore(pool, memory, {});
  std::map<TicketId, End> ends;
  matching::Workspace workspace;
  for (matching::BucketMs now = ticks_.first; now <= until && !pool.empty(); now += ticks_.every) {
    const matching::TickPlan tick = matching::plan(pool, rules_, now, memory, workspace);
    std::vector<TicketId> gone;
    const auto end = [&](matching::Slot slot, bool matched) {
      gone.push_back(pool.id(slot));
      ends.emplace(gone.back(), End{now, matched});
    };
    for (const matching::Seat& seat : tick.seats) end(seat.slot, true);
    for (const matching::Slot slot : tick.expired) end(slot, false);
    for (const TicketId& id : gone) pool.erase(id);
  }
  return ends;
}

bool Standstill::next_tick_matches(const TicketId& id, const std::vector<matching::PoolTicket>& newcomers) const {
  matching::Pool pool = empty_pool();
  matching::PlannerMemory memory;
  restore(pool, memory, newcomers);
  return is_matched(pool, matching::plan(pool, rules_, ticks_.first, memory), id);
}

bool Standstill::window_matches(const TicketId& id, double window) const {
  ModeRules rules = rules_;
  rules.initial_window = rules.max_window = window;
  matching::Pool pool(rules, team_size_, region_);
  for (const Waiting& waiting : waiting_) pool.upsert(waiting.ticket);
  return is_matched(pool, matching::plan(pool, rules, ticks_.first), id);
}

}  // namespace mm::simulator
