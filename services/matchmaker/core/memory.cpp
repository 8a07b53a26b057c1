#include "services/matchmaker/core/memory.h"

#include <algorithm>
#include <limits>

namespace mm::matchmaker {
namespace {

constexpr std::int64_t kNeverWakes = std::numeric_limits<std::int32_t>::max();

/// When the window of `ticket` reaches `rating`, which it does not yet.
std::int64_t reaches_at(const Candidate& ticket, Rating rating, const Format& format) {
  const BucketMs after = format.window.reaches(std::max(rating, ticket.rating) - std::min(rating, ticket.rating));
  return after == Window::kNever ? kNeverWakes : std::min(ticket.queued + after, kNeverWakes);
}

}  // namespace

void Memory::open(const Pool& pool, BucketMs now) {
  if (epoch_ != pool.epoch()) tickets_.clear();
  epoch_ = pool.epoch();
  const std::int64_t since = std::clamp(now - epoch_, -kNeverWakes, kNeverWakes - 1);
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
  std::int64_t wakes = kNeverWakes;
  if (format.use_rating) {
    const auto self_place = line.begin() + ticket;
    const auto above = std::partition_point(self_place, line.end(), [&](const auto& c) { return c.rating <= self.high; });
    if (above != line.end()) wakes = std::min(wakes, reaches_at(self, above->rating, format));
    const auto below = std::partition_point(line.begin(), self_place, [&](const auto& c) { return c.rating < self.low; });
    if (below != line.begin()) wakes = std::min(wakes, reaches_at(self, std::prev(below)->rating, format));
  }
  tickets_[self.slot] = {static_cast<std::int32_t>(wakes), true, self.use, static_cast<std::uint8_t>(passed)};
}

const Memory::Ticket* Memory::find(const Candidate& ticket) const {
  const Ticket& found = tickets_[ticket.slot];
  return found.known && found.use == ticket.use ? &found : nullptr;
}

}  // namespace mm::matchmaker
