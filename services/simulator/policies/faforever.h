// The policy of Forged Alliance Forever: a queue that pops when enough players should be there; duels by stable
// marriage, teams by neighbourhoods and differencing.
//
// Source: server/matchmaker (pop_timer.py, search.py, algorithm/stable_marriage.py, algorithm/random_newbies.py,
// algorithm/team_matchmaker.py) and server/config.py of github.com/FAForever/server (GPL; read, not copied).
//
// The queue pops after the time in which, at the rate of the last five pops, players for two and a half matches arrive;
// after 90 s at most.
// - Duels: quality is that of TrueSkill (beta 240). A player accepts 80 % of the quality against a copy of himself,
// less
//   5 % (top players 15 %, newcomers 10 %) for each pop missed, up to 25 % (30 %, 60 %). Below 30 players all pairs are
//   ranked, above only near neighbours; then each player proposes to the best-ranked partner. Newcomers who are left
//   over are paired with anybody.
// - Teams: for each party, its neighbours in rating are taken, alternately above and below, as far as they fit. Teams
//   are split by Karmarkar-Karp with 5000 points per player, or one team is a full party, or a party with one free
//   place and a single player. Quality is (1 - gap of the teams' sums / 250)(1 - standard deviation of the parties'
//   ratings / 250), plus a bonus for pops missed; games below 0.4 are dropped. The best games that share no player are
//   played.
#pragma once

#include <deque>

#include "services/simulator/policies/queue.h"

namespace mm::simulator {

class FaForever : public Policy {
 public:
  struct Search {
    WaitingTicket ticket;
    int attempts = 0;  ///< pops without a match
  };
  struct Game {
    std::vector<const Search*> teams[2];
    double quality = 0;
  };

  explicit FaForever(const Terms& terms) : terms_(terms) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override { return queue_.empty() ? kNever : next_pop_; }

  // The rules, independent of the queue.
  static double duel_quality(const Search& a, const Search& b);
  static double accepted_quality(const Search& search);
  /// The quality of a game with given teams.
  static double game_quality(const Game& game);
  /// Empty if the sizes do not fill two teams.
  static std::optional<Game> make_teams(std::vector<const Search*> searches, int team_size);

 private:
  using Searches = std::vector<const Search*>;

  matching::BucketMs time_until_next_pop(matching::BucketMs since_last);
  void pair_duels(const Searches& searches, std::vector<Game>& games) const;
  void pair_newcomers(const Searches& left, std::vector<Game>& games) const;
  void find_games(Searches searches, std::vector<Game>& games) const;
  Searches neighbours_of(const Searches& sorted, std::size_t index) const;

  const Terms& terms_;
  std::map<TicketNumber, Search> queue_;
  std::deque<double> amounts_, times_ms_;
  matching::BucketMs last_pop_ = 0;
  matching::BucketMs next_pop_ = 0;
};

}  // namespace mm::simulator
