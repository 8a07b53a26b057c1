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
  for (const Candidate& ticket : line) everyone_ += ticket.size;
}

Waiting Reasons::of(Index ticket) const {
  constexpr Index kLook = 8;  // neighbours each way; beyond them a window that fits is rare
  const Candidate& self = line_[ticket];
  if (everyone_ < format_.players)
    return {self.slot, Binding::players, static_cast<float>(format_.players - everyone_)};
  Rating least = std::numeric_limits<Rating>::max();
  const Index first = ticket > kLook ? ticket - kLook : 0;
  const Index last = std::min(static_cast<Index>(line_.size() - 1), ticket + kLook);
  for (Index i = first; i <= last && least > 0; ++i) {
    if (i == ticket) continue;
    least = std::min(least, line_[i].rating < self.rating ? refusal(line_[i], self) : refusal(self, line_[i]));
  }
  const bool alone = least > 0 && last > first;
  if (alone) return {self.slot, Binding::window, static_cast<float>(points(least))};
  return {self.slot, Binding::players, static_cast<float>(format_.players - players_within_reach(ticket))};
}

// Those inside its own window, itself included; no more are counted than a match takes.
int Reasons::players_within_reach(Index ticket) const {
  const Candidate& self = line_[ticket];
  int players = self.size;
  for (Index i = ticket; i-- > 0 && players < format_.players && line_[i].rating >= self.low;) players += line_[i].size;
  for (Index i = ticket + 1; i < line_.size() && players < format_.players && line_[i].rating <= self.high; ++i) {
    players += line_[i].size;
  }
  return std::min(players, format_.players);
}

Waiting why_closed(const Pool& pool, Slot slot, BucketMs now) {
  const auto opens = pool.opens_at(slot);
  const float never = std::numeric_limits<float>::infinity();
  return {slot, Binding::latency, opens ? static_cast<float>(*opens - now) / 1000.0F : never};
}

}  // namespace mm::matchmaker
