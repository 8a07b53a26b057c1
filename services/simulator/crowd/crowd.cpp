#include "services/simulator/crowd/crowd.h"

#include <algorithm>
#include <cmath>

#include "services/simulator/crowd/random.h"

namespace mm::simulator {
namespace {

/// Draws the index of a part, with probabilities by share.
template <class Part>
std::size_t draw(const std::vector<Part>& parts, Random& random) {
  double sum = 0;
  for (const Part& part : parts) sum += part.share;
  double left = random.uniform() * sum;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    left -= parts[i].share;
    if (left < 0) return i;
  }
  return parts.size() - 1;
}

double clipped(const Population& population, double rating) {
  const double within = std::clamp(rating, population.lowest_rating, population.highest_rating);
  return std::round(within * 100) / 100;  // ratings are kept in hundredths
}

/// The party sizes that fit into a team.
std::vector<PartyShare> sizes_of(const Population& population) {
  std::vector<PartyShare> sizes;
  for (const PartyShare& party : population.parties) {
    if (party.size <= population.team_size) sizes.push_back(party);
  }
  return sizes;
}

void draw_players(const Population& population, int size, Random& random, std::vector<Player>& players) {
  const RatingGroup& group = population.ratings[draw(population.ratings, random)];
  const double first = group.mean + group.sd * random.normal();
  players.push_back({clipped(population, first), group.deviation});
  for (int i = 1; i < size; ++i) {
    players.push_back({clipped(population, first + population.party_rating_sd * random.normal()), group.deviation});
  }
}

/// Draws where a party lives, and computes its worst member's latency to each region.
void draw_latencies(const Population& population, int size, Random& random, std::vector<float>& latencies) {
  const PlaceOfPlay& home = population.regions[draw(population.regions, random)];
  const std::size_t first = latencies.size();
  latencies.resize(first + population.regions.size(), 0);
  for (int i = 0; i < size; ++i) {
    const double x = home.x + population.region_sd_ms * random.normal();
    const double y = home.y + population.region_sd_ms * random.normal();
    const double line = random.exponential(population.last_mile_ms);
    for (std::size_t r = 0; r < population.regions.size(); ++r) {
      const PlaceOfPlay& place = population.regions[r];
      const double latency = line + std::hypot(place.x - x, place.y - y);
      latencies[first + r] = std::max(latencies[first + r], static_cast<float>(latency));
    }
  }
}

}  // namespace

Crowd::Crowd(const Population& population, std::uint64_t seed) {
  for (const PlaceOfPlay& place : population.regions) regions_.push_back(place.name);
  if (regions_.empty()) regions_.push_back(default_region());
  const std::vector<PartyShare> sizes = sizes_of(population);
  const auto wanted = static_cast<std::size_t>(population.players);
  while (players_.size() < wanted) {
    Random random(seed, units_.size());
    const auto room = static_cast<int>(std::min<std::size_t>(wanted - players_.size(), 100));
    Unit unit;
    unit.first_player = static_cast<std::uint32_t>(players_.size());
    unit.size = static_cast<std::uint8_t>(std::min(sizes[draw(sizes, random)].size, room));
    draw_players(population, unit.size, random, players_);
    for (const Player& player : players_of(unit)) unit.rating += player.mmr / unit.size;
    if (regions_.size() > 1) {
      draw_latencies(population, unit.size, random, latencies_);
      const auto begin = latencies_.end() - static_cast<std::ptrdiff_t>(regions_.size());
      unit.region = static_cast<std::uint8_t>(std::min_element(begin, latencies_.end()) - begin);
    }
    units_.push_back(unit);
  }
  sort_into_deciles();
}

void Crowd::sort_into_deciles() {
  std::vector<std::size_t> order(units_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return units_[a].rating != units_[b].rating ? units_[a].rating < units_[b].rating : a < b;
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    units_[order[i]].decile = static_cast<std::uint8_t>(i * 10 / order.size());
  }
  for (std::size_t decile = 1; decile < 10; ++decile) {
    decile_bounds_.push_back(units_[order[decile * order.size() / 10]].rating);
  }
}

}  // namespace mm::simulator
