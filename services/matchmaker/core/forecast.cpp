#include "services/matchmaker/core/forecast.h"

#include <algorithm>

#include "services/matchmaker/core/fill.h"
#include "services/matchmaker/core/known.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker {
namespace {

/// Ticks between two looks at most, where strangers are near.
constexpr BucketMs kStride = 10;

/// The first time on the grid that is not before `at`, and after `now`.
BucketMs next_tick(BucketMs at, BucketMs now, BucketMs every) {
  const BucketMs ticks = at <= now ? 1 : (at - now + every - 1) / every;
  return now + ticks * every;
}

const PlannedMatch* match_with(const TickPlan& tick, Slot slot) {
  for (const PlannedMatch& match : tick.matches) {
    for (const Seat& seat : tick.seats_of(match)) {
      if (seat.slot == slot) return &match;
    }
  }
  return nullptr;
}

/// Whether the whole pool's parties could fill teams with one of this size, were ratings no matter.
bool sizes_could_fill(const Neighbourhood& around, int size) {
  constexpr int kLargeTeam = 10;  // beyond it looking for all ways takes too long, and large teams are of many solos
  if (around.team_size > kLargeTeam) return true;
  Fill fill(around.rules.teams, around.team_size);
  SizeCounts counts(around.pool_sizes.size()), chosen;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    const auto most = static_cast<std::size_t>(fill.most_of(static_cast<int>(i)));
    counts[i] = static_cast<std::uint16_t>(std::min(most, around.pool_sizes[i]));
  }
  return fill.choose(counts, size, chosen);
}

void take_out(const TickPlan& tick, Pool& pool) {
  std::vector<TicketId> gone;
  for (const Seat& seat : tick.seats) gone.push_back(pool.id(seat.slot));
  for (const Slot slot : tick.expired) gone.push_back(pool.id(slot));
  for (const TicketId& id : gone) pool.erase(id);
}

}  // namespace

// A tick as such, the tickets weighed, the seats dealt out to teams, and the local search.
std::uint64_t work_of(const TickPlan& tick, const Workspace& workspace) {
  return 20 + 4 * workspace.line.size() + 20 * tick.seats.size() + workspace.steps;
}

Foreseen foresee(const Neighbourhood& around, const TickTimes& ticks, std::uint64_t most_work) {
  using Kind = Foreseen::Kind;
  PoolCopy copy(around);
  Memory memory;
  memory.resume(copy.pool, copy.recalled);
  Workspace workspace;
  const Format format(around.rules, around.team_size);
  Known known(around, format);
  const BucketMs over = next_tick(copy.pool.deadline(copy.subject), ticks.first - ticks.every, ticks.every);
  const Rating rating = copy.pool.rating(copy.subject);
  if (!known.whole() && !sizes_could_fill(around, copy.pool.size_of(copy.subject))) return {Kind::times_out, over};
  std::uint64_t work = 0;
  // Strangers are looked after more often: between two ticks of ours they may come near.
  const BucketMs stride = known.whole() ? over - ticks.first : kStride * ticks.every;
  BucketMs not_before = ticks.first;
  for (BucketMs now = ticks.first; now < over;) {
    known.shrink(copy.pool, now);
    if (work > most_work || !known.holds(rating)) return {Kind::unknown, not_before};
    workspace.line.clear();
    const TickPlan tick = plan(copy.pool, around.rules, now, memory, workspace);
    work += work_of(tick, workspace) + (known.whole() ? 0 : copy.pool.size());
    if (const auto* match = match_with(tick, copy.subject)) return {Kind::matched, now, match->quality, match->spread};
    take_out(tick, copy.pool);
    not_before = now + ticks.every;
    // In the tick after a match nobody is passed over once more, which the next one must know.
    const auto due = tick.matches.empty() ? memory.next_due() : now;
    now = next_tick(std::min(due.value_or(over), now + stride), now, ticks.every);
  }
  known.shrink(copy.pool, over);
  if (!known.holds(rating)) return {Kind::unknown, not_before};
  return {Kind::times_out, over};
}

}  // namespace mm::matchmaker
