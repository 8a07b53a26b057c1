// The policy of lichess.org's pools, duels only: in each wave, the pairing of greatest weight is played.
//
// Source: modules/pool (MatchMaking.scala, PoolActor.scala, PoolList.scala) of github.com/lichess-org/lila (AGPL; read,
// not copied). A wave runs every 12 to 13 s, and whenever 40 players wait (as in the pool 3+0). The score of a pair is
// the rating difference, less 12 points for each wave that both have missed (the smaller number counts; at most 400),
// less 30 if both ratings are provisional and 30 if both players behave (all players here do). A pair whose score is
// above 100 (130 below 1000 points, a fifteenth of the lower rating above 1500) is forbidden. Of all sets with the
// largest number of pairs, the one with the least total score is played.
#pragma once

#include "services/simulator/crowd/random.h"
#include "services/simulator/policies/queue.h"

namespace mm::simulator {

class Lila : public Policy {
 public:
  explicit Lila(const Terms& terms) : terms_(terms), chance_(terms.seed, 0x111A) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override { return full() ? 0 : queue_.empty() ? kNever : next_wave_; }

  /// Empty: the pair is forbidden.
  static std::optional<int> pair_score(const WaitingTicket& a, int misses_a, const WaitingTicket& b, int misses_b);

 private:
  static constexpr std::size_t kFullWave = 40;
  static constexpr matching::BucketMs kWaveMs = 12'000;
  struct Member {
    WaitingTicket ticket;
    int misses = 0;
  };

  bool full() const { return heard_ && queue_.size() >= kFullWave; }

  const Terms& terms_;
  Random chance_;
  std::map<TicketNumber, Member> queue_;
  matching::BucketMs next_wave_ = 0;
  bool heard_ = false;  ///< a player has joined since the last wave
};

}  // namespace mm::simulator
