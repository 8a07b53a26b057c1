#include "services/gateway/process/directory.h"

#include <algorithm>

namespace mm::gateway {

std::vector<Directory::Place> Directory::add(PlayerId player, Place place, std::size_t most) {
  const MutexLock lock(mutex_);
  auto& places = places_[player];
  places.push_back(place);
  std::vector<Place> evicted;
  while (places.size() > most) {
    evicted.push_back(places.front());
    places.erase(places.begin());
  }
  return evicted;
}

void Directory::remove(PlayerId player, Place place) {
  const MutexLock lock(mutex_);
  const auto found = places_.find(player);
  if (found == places_.end()) return;
  std::erase(found->second, place);
  if (found->second.empty()) places_.erase(found);
}

std::vector<std::size_t> Directory::shards_of(PlayerId player) const {
  const MutexLock lock(mutex_);
  std::vector<std::size_t> shards;
  const auto found = places_.find(player);
  if (found == places_.end()) return shards;
  for (const auto& place : found->second) {
    if (std::find(shards.begin(), shards.end(), place.shard) == shards.end()) shards.push_back(place.shard);
  }
  return shards;
}

void Directory::watch(PartyId party) {
  const MutexLock lock(mutex_);
  ++watched_[party];
}

void Directory::unwatch(PartyId party) {
  const MutexLock lock(mutex_);
  const auto found = watched_.find(party);
  if (found != watched_.end() && --found->second == 0) watched_.erase(found);
}

bool Directory::is_watched(PartyId party) const {
  const MutexLock lock(mutex_);
  return watched_.contains(party);
}

}  // namespace mm::gateway
