// The way of Forged Alliance Forever: a queue that pops when enough players should be there; duels by stable
// marriage, teams by neighbourhoods and differencing.
//
// Source: server/matchmaker (pop_timer.py, search.py, algorithm/stable_marriage.py, algorithm/random_newbies.py,
// algorithm/team_matchmaker.py) and server/config.py of github.com/FAForever/server (GPL; read, not copied).
//
// The queue pops after the time in which, at the rate of the last five pops, two and a half matches' worth of players
// come; at most after 90 s.
// Duels: quality is that of TrueSkill (beta 240); a player accepts 80 % of the quality against a copy of himself, less
// 5 % (top players 15 %, newcomers 10 %) for each pop missed, up to 25 % (30 %, 60 %). Below 30 players all pairs are
// ranked, above only near neighbours; then each proposes to those it likes best. Newcomers left over are paired with
// anybody.
// Teams: around each party its neighbours in rating, alternately above and below, as far as they fit; teams by
// Karmarkar-Karp with 5000 points per player, or a full party, or one with a gap for a single player. Quality is
// (1 - gap of the teams' sums / 250)(1 - standard deviation of the parties' ratings / 250), and a bonus for pops
// missed; below 0.4 it is no match. The best first, as long as they share nobody.
#pragma once

#include <deque>

#include "services/matchmaker/tools/policies/queue.h"

namespace mm::matchmaker::tools {

class FaForever : public Policy {
 public:
  struct Search {
    WaitingTicket ticket;
    int attempts = 0;  ///< pops it has missed
  };
  struct Game {
    std::vector<const Search*> teams[2];
    double quality = 0;
  };

  explicit FaForever(const Terms& terms) : terms_(terms) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, BucketMs now) override;
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override { return queue_.empty() ? kNever : next_pop_; }

  // The rules, apart from the queue.
  static double duel_quality(const Search& a, const Search& b);
  static double accepted_quality(const Search& search);
  /// The worth of a game whose teams are given.
  static double game_quality(const Game& game);
  /// Nothing if the sizes do not come out even.
  static std::optional<Game> make_teams(std::vector<const Search*> searches, int team_size);

 private:
  using Searches = std::vector<const Search*>;

  BucketMs time_until_next_pop(BucketMs since_last);
  void pair_duels(const Searches& searches, std::vector<Game>& games) const;
  void pair_newcomers(const Searches& left, std::vector<Game>& games) const;
  void find_games(Searches searches, std::vector<Game>& games) const;
  Searches neighbours_of(const Searches& sorted, std::size_t index) const;

  const Terms& terms_;
  std::map<TicketNumber, Search> queue_;
  std::deque<double> amounts_, times_ms_;
  BucketMs last_pop_ = 0;
  BucketMs next_pop_ = 0;
};

}  // namespace mm::matchmaker::tools
