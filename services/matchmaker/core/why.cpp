#include "services/matchmaker/core/why.h"

#include <algorithm>
#include <limits>

namespace mm::matchmaker {
namespace {

/// By how much the stricter of two tickets refuses the other; 0 or less: they accept each other.
Rating refusal(const Candidate& lower, const Candidate& upper) {
  return std::max(upper.rating - lower.high, upper.low - lower.rating);
}

}  // namespace

Reasons::Reasons(const Format& format, const Line& line) : format_(format), line_(line) {
  players_before_.reserve(line.size() + 1);
  players_before_.push_back(0);
  for (const Candidate& ticket : line) players_before_.push_back(players_before_.back() + ticket.size);
}

Waiting Reasons::of(Index ticket) const {
  constexpr Index kLook = 8;  // neighbours each way; beyond them a window that fits is rare
  const Candidate& self = line_[ticket];
  const int everyone = static_cast<int>(players_before_.back());
  if (everyone < format_.players) return {self.slot, Binding::players, static_cast<float>(format_.players - everyone)};
  Rating least = std::numeric_limits<Rating>::max();
  const Index first = ticket > kLook ? ticket - kLook : 0;
  const Index last = std::min(static_cast<Index>(line_.size() - 1), ticket + kLook);
  for (Index i = first; i <= last && least > 0; ++i) {
    if (i == ticket) continue;
    least = std::min(least, line_[i].rating < self.rating ? refusal(line_[i], self) : refusal(self, line_[i]));
  }
  const bool alone = least > 0 && last > first;
  if (alone) return {self.slot, Binding::window, static_cast<float>(points(least))};
  const int near = players_between(self.low, self.high);
  return {self.slot, Binding::players, static_cast<float>(std::max(0, format_.players - near))};
}

int Reasons::players_between(Rating low, Rating high) const {
  if (!format_.use_rating) return static_cast<int>(players_before_.back());
  const auto first = std::partition_point(line_.begin(), line_.end(), [&](const Candidate& c) { return c.rating < low; });
  const auto last = std::partition_point(first, line_.end(), [&](const Candidate& c) { return c.rating <= high; });
  const auto at = [&](auto place) { return players_before_[static_cast<std::size_t>(place - line_.begin())]; };
  return static_cast<int>(at(last) - at(first));
}

Waiting why_closed(const Pool& pool, Slot slot, BucketMs now) {
  const auto opens = pool.opens_at(slot);
  const float never = std::numeric_limits<float>::infinity();
  return {slot, Binding::latency, opens ? static_cast<float>(*opens - now) / 1000.0F : never};
}

}  // namespace mm::matchmaker
