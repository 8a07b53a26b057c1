// The read model of ratings: all ratings in memory, so that entering the queue needs no request to profile. A row has
// 36 bytes (id 16; rating, games, deviation and its time 4 each; deviation growth and mode 2 each). Rows are in
// open-addressing tables that are between 7/16 and 7/8 full: 41 to 83 bytes per player and mode, at most 83 MB for a
// million. Rows are never removed.
//
// Thread-safe: 64 shards with one mutex each, which is held for a few probes.
#pragma once

#include <array>
#include <cstdint>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/contracts/profile.h"

namespace mm::lobby {

class RatingView {
 public:
  struct Row {
    double mmr = kInitialMmr;
    double deviation = kInitialDeviation;
    std::int64_t games = 0;
    TimePoint deviation_at{};     ///< when `deviation` was computed, in whole seconds; it grows since
    double deviation_growth = 0;  ///< points per square root of a day, 0: constant (common/contracts/deviation.h)
    friend bool operator==(const Row&, const Row&) = default;
  };

  /// Stores the row if it counts more games than the stored one; returns whether it did. Rows may come in any order and
  /// more than once.
  bool apply(PlayerId player, const Mode& mode, const Row& row);

  /// The stored row; the initial rating for a player without a row.
  Row find(PlayerId player, const Mode& mode) const;

  std::size_t size() const;
  std::size_t bytes() const;

 private:
  using ModeNumber = std::uint16_t;  // 0: none, an empty slot
  struct Slot {
    Uuid player;
    std::int32_t mmr = 0;  // in hundredths, like deviation: messages have two decimals, so this is exact
    std::int32_t deviation = 0;
    std::uint32_t games = 0;
    std::uint32_t deviation_at = 0;      // seconds since 1970
    std::uint16_t deviation_growth = 0;  // in thousandths of a point
    ModeNumber mode = 0;
  };
  struct Shard {
    mutable Mutex mutex;
    std::vector<Slot> slots GUARDED_BY(mutex);  // the size is 0 or a power of two
    std::size_t used GUARDED_BY(mutex) = 0;
  };
  static constexpr std::size_t kShards = 64;

  ModeNumber number_of(const Mode& mode) const;
  ModeNumber number_or_new(const Mode& mode);
  static std::uint64_t hash(const Uuid& player, ModeNumber mode);
  Shard& shard_of(std::uint64_t hash) { return shards_[hash >> 58]; }
  const Shard& shard_of(std::uint64_t hash) const { return shards_[hash >> 58]; }
  static std::size_t place(const std::vector<Slot>& slots, std::uint64_t hash, const Uuid& player, ModeNumber mode);
  static void grow(Shard& shard) REQUIRES(shard.mutex);

  mutable std::shared_mutex modes_mutex_;
  std::unordered_map<Mode, ModeNumber> modes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace mm::lobby
