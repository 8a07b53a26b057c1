#include "services/matchmaker/core/memory.h"

#include <algorithm>
#include <limits>

namespace mm::matchmaker {
namespace {

constexpr std::int64_t kNeverWakes = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kAwake = std::numeric_limits<std::int32_t>::min();

/// When the window of `ticket` reaches `rating`, which it does not yet.
std::int64_t reaches_at(const Candidate& ticket, Rating rating, const Format& format) {
  const BucketMs after = format.window.reaches(std::max(rating, ticket.rating) - std::min(rating, ticket.rating));
  return after == Window::kNever ? kNeverWakes : std::min(ticket.queued + after, kNeverWakes);
}

/// When the window of a ticket reaches its next neighbour. Looks at the nearest only: in a crowd, where more than
/// those are within reach already, the answer is "at once" while the window still grows, which is nearly true there.
std::int64_t next_neighbour_at(const Line& line, Index ticket, const Format& format) {
  constexpr Index kLook = 32;
  const Candidate& self = line[ticket];
  const bool grows = format.window.reaches(self.high - self.rating + 1) != Window::kNever;
  if (!grows) return kNeverWakes;
  std::int64_t soonest = kNeverWakes;
  const auto end = static_cast<Index>(std::min<std::size_t>(line.size(), std::size_t{ticket} + 1 + kLook));
  Index above = ticket + 1;
  while (above < end && line[above].rating <= self.high) ++above;
  if (above < end) soonest = reaches_at(self, line[above].rating, format);
  if (above == end && end < line.size()) return kAwake;
  const Index begin = ticket > kLook ? ticket - kLook : 0;
  Index below = ticket;
  while (below > begin && line[below - 1].rating >= self.low) --below;
  if (below > begin) return std::min(soonest, reaches_at(self, line[below - 1].rating, format));
  return begin > 0 ? kAwake : soonest;
}

}  // namespace

void Memory::open(const Pool& pool, BucketMs now) {
  if (epoch_ != pool.epoch()) tickets_.clear();
  epoch_ = pool.epoch();
  const std::int64_t since = std::clamp(now - epoch_, kAwake, kNeverWakes - 1);
  now_ = static_cast<std::int32_t>(since);
  tickets_.resize(pool.slots());
}

bool Memory::is_quiet(const Line& line, Island island) const {
  for (Index i = island.begin; i < island.end; ++i) {
    const Ticket* ticket = find(line[i]);
    if (ticket == nullptr || ticket->wakes <= now_) return false;
  }
  return true;
}

int Memory::passed_over(const Candidate& ticket) const {
  const Ticket* found = find(ticket);
  return found == nullptr ? 0 : found->passed_over;
}

void Memory::weighed_in_vain(const Line& line, Index ticket, const Format& format, bool could_have_played) {
  const Candidate& self = line[ticket];
  const int passed = could_have_played ? std::min(passed_over(self) + 1, 100) : 0;
  const std::int64_t wakes = format.use_rating ? next_neighbour_at(line, ticket, format) : kNeverWakes;
  tickets_[self.slot] = {static_cast<std::int32_t>(wakes), true, self.use, static_cast<std::uint8_t>(passed)};
}

const Memory::Ticket* Memory::find(const Candidate& ticket) const {
  const Ticket& found = tickets_[ticket.slot];
  return found.known && found.use == ticket.use ? &found : nullptr;
}

}  // namespace mm::matchmaker
