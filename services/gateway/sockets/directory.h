// Which io threads hold sockets of which player, and which parties are watched: what other threads must know to pass a
// frame on to the right loops and to no other. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "common/base/id.h"

namespace mm::gateway {

class Directory {
 public:
  /// A socket, process-wide.
  struct Place {
    std::size_t shard = 0;
    std::uint64_t socket = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };

  /// Returns the oldest sockets of the player beyond `most`: they are to be closed.
  std::vector<Place> add(PlayerId player, Place place, std::size_t most);
  void remove(PlayerId player, Place place);
  /// The shards that hold a socket of the player, each once.
  std::vector<std::size_t> shards_of(PlayerId player) const;

  void watch(PartyId party);
  void unwatch(PartyId party);
  bool is_watched(PartyId party) const;
  bool watches_any() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<PlayerId, std::vector<Place>> places_;  // the oldest first
  std::unordered_map<PartyId, int> watched_;
};

}  // namespace mm::gateway
