// The directory of sockets in this process: which shards have sockets of a player, and which parties have sockets bound
// to them. The threads of the bus use it to dispatch a frame only to the loops that need it. Thread-safe.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/base/id.h"
#include "common/base/mutex.h"

namespace mm::gateway {

class Directory {
 public:
  /// The location of a socket in this process.
  struct Place {
    std::size_t shard = 0;
    std::uint64_t socket = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };

  /// Adds a socket. Returns the player's oldest sockets beyond `most`, already removed here; the caller must close
  /// them.
  std::vector<Place> add(PlayerId player, Place place, std::size_t most);
  void remove(PlayerId player, Place place);
  /// The shards that have a socket of the player, each once.
  std::vector<std::size_t> shards_of(PlayerId player) const;

  /// Counts the sockets that are bound to a party (/v1/ws/party/{party_id}).
  void watch(PartyId party);
  void unwatch(PartyId party);
  bool is_watched(PartyId party) const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<PlayerId, std::vector<Place>> places_ GUARDED_BY(mutex_);  // oldest first
  std::unordered_map<PartyId, int> watched_ GUARDED_BY(mutex_);
};

}  // namespace mm::gateway
