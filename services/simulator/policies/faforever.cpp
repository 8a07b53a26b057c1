#include "services/simulator/policies/faforever.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace mm::simulator {
namespace {

constexpr double kLongestPopMs = 90'000;
constexpr double kMatchesPerPop = 2.5;
constexpr std::size_t kPopsRemembered = 5;
constexpr double kMaxImbalance = 250;
constexpr double kMaxDeviation = 250;
constexpr double kMinQuality = 0.4;
constexpr double kBeta240 = 240;
constexpr double kNewcomerDeviation = 250;
constexpr double kTopPlayer = 2000;
constexpr double kHighPlayer = 1400;

using Search = FaForever::Search;
using Searches = std::vector<const Search*>;

bool newcomer(const Search& search) {
  return std::any_of(search.ticket.players.begin(), search.ticket.players.end(),
                     [](const Player& player) { return player.deviation >= kNewcomerDeviation; });
}

double sum_of(const Searches& searches) {
  double sum = 0;
  for (const Search* search : searches) sum += search->ticket.rating * search->ticket.size();
  return sum;
}

int players_of(const Searches& searches) {
  int players = 0;
  for (const Search* search : searches) players += search->ticket.size();
  return players;
}

/// Largest differencing: the two heaviest piles go to different sides, and only their difference stays in the heap.
void karmarkar_karp(const Searches& searches, Searches& team_a, Searches& team_b) {
  struct Pile {
    double weight;
    Searches plus, minus;
  };
  std::vector<Pile> piles;
  for (const Search* search : searches) {
    const int size = search->ticket.size();
    piles.push_back({5000.0 * size + search->ticket.rating * size, {search}, {}});
  }
  const auto lighter = [](const Pile& a, const Pile& b) { return a.weight < b.weight; };
  while (piles.size() > 1) {
    std::stable_sort(piles.begin(), piles.end(), lighter);
    Pile second = std::move(piles[piles.size() - 2]);
    Pile& first = piles.back();
    first.weight -= second.weight;
    first.plus.insert(first.plus.end(), second.minus.begin(), second.minus.end());
    first.minus.insert(first.minus.end(), second.plus.begin(), second.plus.end());
    piles.erase(piles.end() - 2);
  }
  team_a = std::move(piles[0].plus);
  team_b = std::move(piles[0].minus);
}

/// The single player who brings the mean of a party with one free place nearest to the average.
const Search* filler_for(const Search& party, const Searches& searches, double average) {
  const Search* best = nullptr;
  double best_delta = 0;
  for (const Search* search : searches) {
    if (search == &party || search->ticket.size() != 1) continue;
    const int size = party.ticket.size();
    const double mean = (party.ticket.rating * size + search->ticket.rating) / (size + 1);
    const double delta = std::fabs(average - mean);
    if (best != nullptr && delta >= best_delta) continue;
    best = search;
    best_delta = delta;
  }
  return best;
}

}  // namespace

void FaForever::enter(const WaitingTicket& ticket) {
  if (last_pop_ == 0) {
    last_pop_ = ticket.queued_at;
    next_pop_ = ticket.queued_at + static_cast<matching::BucketMs>(kLongestPopMs / 2);
  }
  // Catches up on pops of the empty queue: each is followed by another one after the longest time.
  while (queue_.empty() && next_pop_ < ticket.queued_at) {
    const matching::BucketMs since = next_pop_ - last_pop_;
    last_pop_ = next_pop_;
    next_pop_ += time_until_next_pop(since);
  }
  queue_.emplace(ticket.number, Search{ticket, 0});
}

void FaForever::leave(TicketNumber number, matching::BucketMs) { queue_.erase(number); }

void FaForever::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  if (now < next_pop_) return;
  const matching::BucketMs since = now - last_pop_;
  last_pop_ = now;
  next_pop_ = now + time_until_next_pop(since);
  Searches searches;
  for (const auto& [number, search] : queue_) searches.push_back(&search);
  std::vector<Game> games;
  if (terms_.team_size == 1) pair_duels(searches, games);
  else find_games(searches, games);
  std::vector<TicketNumber> playing;
  for (const Game& game : games) {
    TeamsOfTickets teams;
    teams.teams.resize(2);
    for (std::size_t team = 0; team < 2; ++team) {
      for (const Search* search : game.teams[team]) {
        teams.teams[team].push_back(&search->ticket);
        playing.push_back(search->ticket.number);
      }
    }
    made.push_back(seat(teams));
  }
  for (const TicketNumber number : playing) queue_.erase(number);
  for (auto& [number, search] : queue_) ++search.attempts;
}

matching::BucketMs FaForever::time_until_next_pop(matching::BucketMs since_last) {
  double waiting = 0;
  for (const auto& [number, search] : queue_) waiting += search.ticket.size();
  amounts_.push_back(waiting);
  times_ms_.push_back(static_cast<double>(since_last));
  if (amounts_.size() > kPopsRemembered) {
    amounts_.pop_front();
    times_ms_.pop_front();
  }
  const double players = std::accumulate(amounts_.begin(), amounts_.end(), 0.0);
  const double time = std::accumulate(times_ms_.begin(), times_ms_.end(), 0.0);
  const double wanted = kMatchesPerPop * 2 * terms_.team_size;
  const double next = players > 0 ? wanted * time / players : kLongestPopMs;
  return std::max<matching::BucketMs>(1, static_cast<matching::BucketMs>(std::min(next, kLongestPopMs)));
}

double FaForever::duel_quality(const Search& a, const Search& b) {
  const Player& x = a.ticket.players[0];
  const Player& y = b.ticket.players[0];
  const double performance = 2 * kBeta240 * kBeta240;
  const double variance = performance + x.deviation * x.deviation + y.deviation * y.deviation;
  const double gap = a.ticket.rating - b.ticket.rating;
  return std::sqrt(performance / variance) * std::exp(-gap * gap / (2 * variance));
}

double FaForever::accepted_quality(const Search& search) {
  double step = 0.05;
  double most = 0.25;
  if (search.ticket.rating >= kTopPlayer) {
    step = 0.15;
    most = 0.3;
  } else if (newcomer(search)) {
    step = 0.1;
    most = 0.6;
  }
  return std::max(0.8 * duel_quality(search, search) - std::min(search.attempts * step, most), 0.0);
}

// Each player proposes to the best partner left; a partner with two proposals keeps the better one.
void FaForever::pair_duels(const Searches& searches, std::vector<Game>& games) const {
  Searches order = searches;
  const bool all_pairs = order.size() < 30;
  if (!all_pairs) {
    const auto mean = [](const Search* s) { return newcomer(*s) ? 0.0 : s->ticket.rating; };
    std::stable_sort(order.begin(), order.end(), [&](const Search* a, const Search* b) { return mean(a) < mean(b); });
  }
  const auto logarithm = std::log2(std::max<double>(16, static_cast<double>(order.size())));
  const std::size_t neighbours = all_pairs ? order.size() : static_cast<std::size_t>(logarithm) / 2;
  struct Liked {
    std::size_t other;
    double quality;
  };
  std::vector<std::vector<Liked>> likes(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < std::min(order.size(), i + 1 + neighbours); ++j) {
      const double quality = duel_quality(*order[i], *order[j]);
      if (quality < accepted_quality(*order[i]) || quality < accepted_quality(*order[j])) continue;
      likes[i].push_back({j, quality});
      likes[j].push_back({i, quality});
    }
  }
  const auto less = [](const Liked& a, const Liked& b) { return a.quality < b.quality; };
  for (auto& liked : likes) std::stable_sort(liked.begin(), liked.end(), less);
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> partner(order.size(), kNone);
  for (bool proposed = true; proposed;) {
    proposed = false;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (partner[i] != kNone || likes[i].empty()) continue;
      const Liked best = likes[i].back();
      likes[i].pop_back();
      proposed = true;
      const std::size_t rival = partner[best.other];
      if (rival != kNone && best.quality <= duel_quality(*order[best.other], *order[rival])) continue;
      if (rival != kNone) partner[rival] = kNone;
      partner[i] = best.other;
      partner[best.other] = i;
    }
  }
  Searches left;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (partner[i] == kNone) left.push_back(order[i]);
    else if (i < partner[i]) games.push_back({{{order[i]}, {order[partner[i]]}}, 0});
  }
  pair_newcomers(left, games);
}

void FaForever::pair_newcomers(const Searches& left, std::vector<Game>& games) const {
  Searches newcomers;
  const Search* veteran = nullptr;
  for (const Search* search : left) {
    if (search->ticket.rating >= kHighPlayer) continue;
    if (newcomer(*search)) newcomers.push_back(search);
    else if (veteran == nullptr && search->attempts >= 1) veteran = search;
  }
  while (newcomers.size() >= 2) {
    const Search* first = newcomers.back();
    newcomers.pop_back();
    games.push_back({{{first}, {newcomers.back()}}, 0});
    newcomers.pop_back();
  }
  if (!newcomers.empty() && veteran != nullptr) games.push_back({{{newcomers[0]}, {veteran}}, 0});
}

void FaForever::find_games(Searches searches, std::vector<Game>& games) const {
  std::stable_sort(searches.begin(), searches.end(),
                   [](const Search* a, const Search* b) { return a->ticket.rating < b->ticket.rating; });
  std::vector<Game> possible;
  for (std::size_t i = 0; i < searches.size(); ++i) {
    const Searches participants = neighbours_of(searches, i);
    if (participants.empty()) continue;
    auto game = make_teams(participants, terms_.team_size);
    if (!game) continue;
    game->quality = game_quality(*game);
    if (game->quality >= kMinQuality) possible.push_back(std::move(*game));
  }
  std::stable_sort(possible.begin(), possible.end(),
                   [](const Game& a, const Game& b) { return a.quality > b.quality; });
  std::set<const Search*> taken;
  for (Game& game : possible) {
    const auto is_taken = [&](const Search* search) { return taken.contains(search); };
    if (std::any_of(game.teams[0].begin(), game.teams[0].end(), is_taken) ||
        std::any_of(game.teams[1].begin(), game.teams[1].end(), is_taken)) {
      continue;
    }
    for (const auto& team : game.teams) taken.insert(team.begin(), team.end());
    games.push_back(std::move(game));
  }
}

/// Empty if there are too few players.
Searches FaForever::neighbours_of(const Searches& sorted, std::size_t index) const {
  Searches participants{sorted[index]};
  int players = sorted[index]->ticket.size();
  std::size_t below = index;
  std::size_t above = index + 1;
  for (bool look_below = true; players < terms_.match_players(); look_below = !look_below) {
    if (below == 0 && above == sorted.size()) return {};
    const Search* candidate = nullptr;
    if (look_below && below > 0) candidate = sorted[--below];
    if (!look_below && above < sorted.size()) candidate = sorted[above++];
    if (candidate == nullptr || players + candidate->ticket.size() > terms_.match_players()) continue;
    participants.push_back(candidate);
    players += candidate->ticket.size();
  }
  return participants;
}

std::optional<FaForever::Game> FaForever::make_teams(std::vector<const Search*> searches, int team_size) {
  if (searches.size() < 2) return std::nullopt;
  const auto of_size = [&](int size) -> const Search* {
    for (auto search = searches.rbegin(); search != searches.rend(); ++search) {
      if ((*search)->ticket.size() == size) return *search;
    }
    return nullptr;
  };
  Game game;
  const Search* full = of_size(team_size);
  const Search* one_short = team_size > 1 ? of_size(team_size - 1) : nullptr;
  if (full != nullptr) {
    game.teams[0] = {full};
  } else if (one_short != nullptr && team_size > 2) {
    const Search* filler = filler_for(*one_short, searches, sum_of(searches) / players_of(searches));
    if (filler == nullptr) return std::nullopt;
    game.teams[0] = {one_short, filler};
  } else {
    karmarkar_karp(searches, game.teams[0], game.teams[1]);
  }
  if (game.teams[1].empty()) {
    for (const Search* search : searches) {
      const auto& first = game.teams[0];
      if (std::find(first.begin(), first.end(), search) == first.end()) game.teams[1].push_back(search);
    }
  }
  if (players_of(game.teams[0]) != team_size || players_of(game.teams[1]) != team_size) return std::nullopt;
  return game;
}

double FaForever::game_quality(const Game& game) {
  double bonus = 0;
  std::vector<double> ratings;
  for (const auto& team : game.teams) {
    for (const Search* search : team) {
      ratings.push_back(search->ticket.rating);
      bonus += std::min(search->attempts * 0.01 * search->ticket.size(), 0.2);
      if (newcomer(*search)) bonus += std::min(search->attempts * 0.25, 3.0);
    }
  }
  const double count = static_cast<double>(ratings.size());
  const double mean = std::accumulate(ratings.begin(), ratings.end(), 0.0) / count;
  double squares = 0;
  for (const double rating : ratings) squares += (rating - mean) * (rating - mean);
  const double gap = std::fabs(sum_of(game.teams[0]) - sum_of(game.teams[1]));
  const double fairness = std::max((kMaxImbalance - gap) / kMaxImbalance, 0.0);
  const double uniformity = std::max((kMaxDeviation - std::sqrt(squares / count)) / kMaxDeviation, 0.0);
  return fairness * uniformity + bonus;
}

}  // namespace mm::simulator
