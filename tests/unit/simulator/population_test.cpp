// Tests of population files, and of the crowds that are generated from them.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "services/simulator/commands/inputs.h"
#include "services/simulator/crowd/crowd.h"
#include "services/simulator/crowd/random.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

Population parsed(const std::string& toml) {
  auto population = parse_population(toml, "test", "test.toml");
  EXPECT_TRUE(population.ok()) << (population.ok() ? "" : population.error().front());
  return population.ok() ? *population : Population{};
}

std::string problem_of(const std::string& toml) {
  const auto population = parse_population(toml, "test", "test.toml");
  return population.ok() ? "none" : population.error().front();
}

TEST(PopulationFile, ReadsEveryKindOfValue) {
  const Population population = parsed(R"(
    about = "some"
    players = 50
    away_minutes = 12.5
    activity = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,5]
    [[rating]]
    share = 0.3
    mean = 1200
    [[rating]]
    mean = 1800
    [[party]]
    size = 2
    [[region]]
    name = "us-east"
    x = -80
  )");
  EXPECT_EQ(population.name, "test");
  EXPECT_EQ(population.players, 50);
  EXPECT_DOUBLE_EQ(population.away_minutes, 12.5);
  EXPECT_DOUBLE_EQ(population.activity.at(23), 5);
  ASSERT_EQ(population.ratings.size(), 2U);
  EXPECT_DOUBLE_EQ(population.ratings[1].mean, 1800);
  EXPECT_EQ(population.parties.at(0).size, 2);
  EXPECT_EQ(population.regions.at(0).name.str(), "us-east");
}

TEST(PopulationFile, ReportsProblemsWithTheirPosition) {
  EXPECT_EQ(problem_of("\nplayrs = 3").rfind("test.toml:2:", 0), 0U);
  EXPECT_NE(problem_of("playrs = 3").find("did you mean players?"), std::string::npos);
  EXPECT_NE(problem_of("players = 1").find("players must be a whole number from 2"), std::string::npos);
  EXPECT_NE(problem_of("players = 2.5").find("whole number"), std::string::npos);
  EXPECT_NE(problem_of("activity = [1, 2]").find("24 numbers"), std::string::npos);
  EXPECT_NE(problem_of("team_size = 2\n[[party]]\nsize = 3").find("fits into a team of 2"), std::string::npos);
  EXPECT_NE(problem_of("[[rating]]\nshare = 0").find("must not all be 0"), std::string::npos);
  EXPECT_NE(problem_of("rating = 3").find("[[rating]] tables"), std::string::npos);
  EXPECT_NE(problem_of("[[region]]\nname = \"Mars\"").find("region such as"), std::string::npos);
  EXPECT_NE(problem_of("players = ").find("test.toml:1:"), std::string::npos);
}

TEST(PopulationFile, EveryShippedPopulationHasAShippedMode) {
  const auto names = shipped_populations();
  ASSERT_GE(names.size(), 10U);
  const auto modes = load_modes("");
  ASSERT_TRUE(modes.ok());
  int least = 1'000'000;
  int most = 0;
  for (const std::string& name : names) {
    const auto population = load_population(name);
    ASSERT_TRUE(population.ok()) << name << ": " << population.error().front();
    EXPECT_FALSE(population->about.empty()) << name;
    EXPECT_TRUE(rules_for(*population, *modes).ok()) << name;
    least = std::min(least, population->players);
    most = std::max(most, population->players);
  }
  EXPECT_LE(least, 30);
  EXPECT_GE(most, 100'000);
  EXPECT_FALSE(load_population("evening-1v2").ok());
}

TEST(Random, HasTheMomentsOfItsDistributions) {
  Random random(7);
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0, waits = 0, uniform = 0, counts = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    waits += random.exponential(3);
    uniform += random.uniform();
    counts += random.geometric(4);
  }
  // Each tolerance is five standard errors.
  EXPECT_NEAR(sum / kDraws, 0, 0.012);
  EXPECT_NEAR(squares / kDraws, 1, 0.016);
  EXPECT_NEAR(waits / kDraws, 3, 0.034);
  EXPECT_NEAR(uniform / kDraws, 0.5, 0.0033);
  EXPECT_NEAR(counts / kDraws, 4, 0.04);
}

TEST(Crowd, HasTheRatingsPartiesAndPlacesOfItsPopulation) {
  const Population population = parsed(R"(
    players = 60000
    team_size = 3
    party_rating_sd = 50
    [[rating]]
    share = 3
    mean = 1400
    sd = 200
    [[rating]]
    share = 1
    mean = 2200
    sd = 100
    deviation = 30
    [[party]]
    size = 1
    share = 3
    [[party]]
    size = 3
    share = 1
    [[party]]
    size = 5
    share = 100
    [[region]]
    name = "eu-west"
    share = 3
    [[region]]
    name = "us-east"
    x = 100
  )");
  const Crowd crowd(population, 11);
  EXPECT_EQ(crowd.players(), 60'000U);
  double sum = 0, units = 0, certain = 0, trios = 0, america = 0;
  for (std::size_t i = 0; i < crowd.units().size(); ++i) {
    const Unit& unit = crowd.units()[i];
    ++units;
    sum += unit.rating;
    certain += crowd.players_of(unit)[0].deviation < 50 ? 1 : 0;
    trios += unit.size == 3 ? 1 : 0;
    america += unit.region == 1 ? 1 : 0;
    ASSERT_LE(unit.size, 3) << "parties of five do not fit into teams of three";
    const auto latencies = crowd.latencies_of(i);
    ASSERT_EQ(latencies.size(), 2U);
    ASSERT_LE(latencies[unit.region], latencies[1U - unit.region]);
  }
  EXPECT_NEAR(sum / units, 1600, 15);
  EXPECT_NEAR(certain / units, 0.25, 0.02);
  EXPECT_NEAR(trios / units, 0.25, 0.02);
  EXPECT_NEAR(america / units, 0.25, 0.02);
}

TEST(Crowd, DividesItsUnitsIntoDeciles) {
  Population population;
  population.players = 1000;
  const Crowd crowd(population, 3);
  std::map<int, int> counts;
  for (const Unit& unit : crowd.units()) ++counts[unit.decile];
  ASSERT_EQ(counts.size(), 10U);
  for (const auto& [decile, count] : counts) EXPECT_EQ(count, 100) << decile;
  for (const Unit& unit : crowd.units()) {
    if (unit.decile == 0) continue;
    EXPECT_GE(unit.rating, crowd.decile_bounds().at(unit.decile - 1U));
  }
}

TEST(Crowd, IsTheSameForTheSameSeedOnly) {
  Population population;
  population.players = 200;
  const Crowd one(population, 5), same(population, 5), other(population, 6);
  int equal = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(one.units()[i].rating, same.units()[i].rating);
    equal += one.units()[i].rating == other.units()[i].rating ? 1 : 0;
  }
  EXPECT_LT(equal, 10);
}

}  // namespace
}  // namespace mm::simulator
