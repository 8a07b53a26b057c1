#include "services/simulator/policies/lila.h"

#include <algorithm>
#include <cmath>

#include "services/simulator/policies/blossom.h"

namespace mm::simulator {
namespace {

constexpr int kMissBonus = 12;
constexpr int kMaxMissBonus = 400;
constexpr int kBehaves = 30;
constexpr int kProvisional = 30;
constexpr double kProvisionalDeviation = 110;

int most_score(double lower_rating) {
  if (lower_rating < 1000) return 130;
  if (lower_rating < 1500) return 100;
  return static_cast<int>(lower_rating) / 15;
}

bool provisional(const WaitingTicket& ticket) { return ticket.players[0].deviation > kProvisionalDeviation; }

}  // namespace

void Lila::enter(const WaitingTicket& ticket) {
  // Waves also run while the queue is empty. The time to the next wave is random within the interval.
  if (queue_.empty() && next_wave_ < ticket.queued_at) {
    next_wave_ = ticket.queued_at + static_cast<matching::BucketMs>(chance_.uniform() * static_cast<double>(kWaveMs));
  }
  queue_.emplace(ticket.number, Member{ticket, 0});
  heard_ = true;
}

void Lila::leave(TicketNumber number, matching::BucketMs) { queue_.erase(number); }

void Lila::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  if (now < next_wave_ && !full()) return;
  heard_ = false;
  next_wave_ = now + kWaveMs + static_cast<matching::BucketMs>(chance_.uniform() * 1000);
  std::vector<Member*> members;
  for (auto& [number, member] : queue_) members.push_back(&member);
  Blossom blossom(members.size());
  constexpr std::int64_t kAnyPair = 1'000'000;  // so that more pairs are always better than closer ones
  for (std::size_t a = 0; a < members.size(); ++a) {
    for (std::size_t b = a + 1; b < members.size(); ++b) {
      const auto score = pair_score(members[a]->ticket, members[a]->misses, members[b]->ticket, members[b]->misses);
      if (score) blossom.connect(a, b, kAnyPair - *score);
    }
  }
  const std::vector<int> partner = blossom.solve();
  std::vector<TicketNumber> paired;
  for (std::size_t a = 0; a < members.size(); ++a) {
    if (partner[a] == Blossom::kNobody) {
      ++members[a]->misses;
      continue;
    }
    paired.push_back(members[a]->ticket.number);
    const auto b = static_cast<std::size_t>(partner[a]);
    if (a < b) made.push_back(seat({{{&members[a]->ticket}, {&members[b]->ticket}}}));
  }
  for (const TicketNumber number : paired) queue_.erase(number);
}

std::optional<int> Lila::pair_score(const WaitingTicket& a, int misses_a, const WaitingTicket& b, int misses_b) {
  const int gap = static_cast<int>(std::fabs(std::trunc(a.rating) - std::trunc(b.rating)));
  const int missed = std::min(std::min(misses_a, misses_b) * kMissBonus, kMaxMissBonus);
  const int newcomers = provisional(a) && provisional(b) ? kProvisional : 0;
  const int score = gap - missed - kBehaves - newcomers;
  if (score > most_score(std::min(a.rating, b.rating))) return std::nullopt;
  return score;
}

}  // namespace mm::simulator
