// Tests how well each system finds the skills of a simulated population, and whether its deviations match its errors:
// the table of docs/RATINGS.md. This finds errors that no formula shows, for example a system that pulls the ratings of
// a team's players together or spreads ratings wider than skills.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

constexpr std::size_t kPlayers = 400;
constexpr int kRounds = 300;  // every player has one match in each; three a day
constexpr double kSkillSpread = 300;
constexpr double kPerformance = 200;  // beta of services/matchmaker/matching/rules/quality.h

enum class Matching { by_rating, anyone };

/// The errors of the ratings (root mean square of rating minus skill), and their deviations.
struct Accuracy {
  double error = 0;
  double deviation = 0;
};

struct Game {
  std::size_t sides;
  std::size_t team_size;
  Matching matching;
};

class Population {
 public:
  Population(RatingSystem system, const Game& game, unsigned seed) : system_(system), game_(game), random_(seed) {
    std::normal_distribution<> skill(1500, kSkillSpread);
    for (auto& own : skills_) own = skill(random_);
    const double mean = std::accumulate(skills_.begin(), skills_.end(), 0.0) / kPlayers;
    for (auto& own : skills_) own += 1500 - mean;
  }

  void play_a_round() {
    const auto order = matched();
    const auto ended_at = TimePoint(Seconds(1'767'225'600)) + std::chrono::hours(8 * ++rounds_);
    const auto players = game_.sides * game_.team_size;
    for (auto first = order.begin(); std::cmp_greater_equal(order.end() - first, players);) {
      const auto last = first + static_cast<std::ptrdiff_t>(players);
      play({first, last}, ended_at);
      first = last;
    }
  }

  Accuracy accuracy() const {
    double mean = 0;
    for (std::size_t i = 0; i < kPlayers; ++i) mean += rating(i) / kPlayers;
    double squares = 0;
    double deviations = 0;
    for (std::size_t i = 0; i < kPlayers; ++i) {
      squares += std::pow(rating(i) - mean - (skills_[i] - 1500), 2);
      deviations += std::pow(to_points(players_[i].deviation), 2);
    }
    return {std::sqrt(squares / kPlayers), std::sqrt(deviations / kPlayers)};
  }

 private:
  using Roster = std::vector<std::size_t>;

  double chance() { return std::uniform_real_distribution<>()(random_); }

  /// The players in the order in which they are matched: by rating with a noise of up to 100 points, or at random.
  Roster matched() {
    std::array<double, kPlayers> place{};
    for (std::size_t i = 0; i < kPlayers; ++i) {
      place[i] = game_.matching == Matching::by_rating ? rating(i) + 200 * (chance() - 0.5) : chance();
    }
    Roster order(kPlayers);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place[a] < place[b]; });
    return order;
  }

  double rating(std::size_t player) const { return to_points(players_[player].mmr); }

  /// The difference between the summed ratings of the two teams.
  double gap(const Roster& roster) const {
    double sum = 0;
    for (std::size_t i = 0; i < roster.size(); ++i) sum += (i < game_.team_size ? 1 : -1) * rating(roster[i]);
    return std::fabs(sum);
  }

  /// The most even of 30 random divisions into two teams.
  Roster divided(Roster roster) {
    auto best = roster;
    for (int i = 0; i < 30; ++i) {
      std::shuffle(roster.begin(), roster.end(), random_);
      if (gap(roster) < gap(best)) best = roster;
    }
    return best;
  }

  /// The side with the largest sum of performances. A performance is the skill plus noise.
  std::size_t winner(const Roster& roster) {
    std::vector<double> performance(game_.sides);
    std::normal_distribution<> noise(0, kPerformance);
    for (std::size_t i = 0; i < roster.size(); ++i) {
      performance[i / game_.team_size] += skills_[roster[i]] + noise(random_);
    }
    return static_cast<std::size_t>(std::max_element(performance.begin(), performance.end()) - performance.begin());
  }

  void play(Roster roster, TimePoint ended_at) {
    if (game_.team_size > 1) roster = divided(std::move(roster));
    Sides sides(game_.sides);
    for (std::size_t i = 0; i < roster.size(); ++i) sides[i / game_.team_size].push_back(players_[roster[i]]);
    const auto after = rate(system_, sides, {winner(roster), ended_at, 0});
    for (std::size_t i = 0; i < roster.size(); ++i) {
      players_[roster[i]] = after[i / game_.team_size][i % game_.team_size];
      ++players_[roster[i]].games;
    }
  }

  const RatingSystem system_;
  const Game game_;
  std::mt19937 random_;
  int rounds_ = 0;
  std::array<double, kPlayers> skills_{};
  std::array<Rated, kPlayers> players_{};
};

/// After 30, 100 and 300 matches.
std::array<Accuracy, 3> simulated(RatingSystem system, const Game& game) {
  Population population(system, game, 1);
  std::array<Accuracy, 3> all;
  std::size_t next = 0;
  for (int round = 1; round <= kRounds; ++round) {
    population.play_a_round();
    if (round == 30 || round == 100 || round == 300) all[next++] = population.accuracy();
  }
  return all;
}

struct Example {
  const char* name;
  RatingSystem system;
  Game game;
  std::array<Accuracy, 3> expected;
};

TEST(Accuracy, IsWhatTheDocumentationSays) {
  constexpr Game kDuel{2, 1, Matching::by_rating};
  constexpr Game kTeams{2, 5, Matching::by_rating};
  constexpr Game kMixed{2, 5, Matching::anyone};
  constexpr Game kFreeForAll{8, 1, Matching::by_rating};
  const Example examples[] = {
      {"Elo, duels", RatingSystem::elo, kDuel, {{{169, 120}, {123, 47}, {64, 44}}}},
      {"Glicko-2, duels", RatingSystem::glicko2, kDuel, {{{68, 69}, {40, 40}, {26, 32}}}},
      {"Weng-Lin, duels", RatingSystem::weng_lin, kDuel, {{{90, 70}, {65, 40}, {55, 32}}}},
      {"Elo, 5 v 5", RatingSystem::elo, kTeams, {{{218, 278}, {173, 206}, {118, 115}}}},
      {"Glicko-2, 5 v 5", RatingSystem::glicko2, kTeams, {{{174, 176}, {109, 91}, {75, 55}}}},
      {"Weng-Lin, 5 v 5", RatingSystem::weng_lin, kTeams, {{{194, 177}, {115, 92}, {77, 55}}}},
      {"Elo, anyone", RatingSystem::elo, kMixed, {{{219, 278}, {174, 206}, {116, 115}}}},
      {"Glicko-2, anyone", RatingSystem::glicko2, kMixed, {{{189, 176}, {112, 92}, {68, 55}}}},
      {"Weng-Lin, anyone", RatingSystem::weng_lin, kMixed, {{{195, 177}, {117, 92}, {77, 55}}}},
      {"Elo, 8 sides", RatingSystem::elo, kFreeForAll, {{{246, 117}, {228, 47}, {213, 44}}}},
      {"Glicko-2, 8 sides", RatingSystem::glicko2, kFreeForAll, {{{103, 146}, {58, 78}, {35, 50}}}},
      {"Weng-Lin, 8 sides", RatingSystem::weng_lin, kFreeForAll, {{{104, 170}, {59, 88}, {38, 53}}}},
  };
  for (const auto& example : examples) {
    const auto found = simulated(example.system, example.game);
    for (std::size_t i = 0; i < found.size(); ++i) {
      // Another seed changes the errors by about 10, a wrong system by far more.
      EXPECT_NEAR(found[i].error, example.expected[i].error, 20) << example.name << " " << i;
      EXPECT_NEAR(found[i].deviation, example.expected[i].deviation, 5) << example.name << " " << i;
    }
  }
}

}  // namespace
}  // namespace mm::profile
