#include "services/lobby/core/rating_view.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mm::lobby {
namespace {

constexpr std::size_t kInitialSlots = 16;

std::int32_t hundredths(double value) {
  constexpr double kMaxValue = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(std::round(value * 100.0), -kMaxValue, kMaxValue));
}

std::uint32_t count(std::int64_t number) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t seconds(TimePoint time) { return count(std::chrono::floor<Seconds>(time.time_since_epoch()).count()); }
TimePoint time_of(std::uint32_t seconds) { return TimePoint(Seconds(seconds)); }

std::uint16_t thousandths(double value) {
  return static_cast<std::uint16_t>(std::clamp(std::round(value * 1000.0), 0.0, 65'535.0));
}

}  // namespace

bool RatingView::apply(PlayerId player, const Mode& mode, const Row& row) {
  const ModeNumber number = number_or_new(mode);
  if (number == 0) return false;
  const auto key = hash(player.uuid(), number);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  if ((shard.used + 1) * 8 > shard.slots.size() * 7) grow(shard);
  Slot& slot = shard.slots[place(shard.slots, key, player.uuid(), number)];
  const bool fresh = slot.mode == 0;
  if (!fresh && slot.games >= count(row.games)) return false;
  if (fresh) ++shard.used;
  slot = {player.uuid(),
          hundredths(row.mmr),
          hundredths(row.deviation),
          count(row.games),
          seconds(row.deviation_at),
          thousandths(row.deviation_growth),
          number};
  return true;
}

RatingView::Row RatingView::find(PlayerId player, const Mode& mode) const {
  const ModeNumber number = number_of(mode);
  if (number == 0) return {};
  const auto key = hash(player.uuid(), number);
  const Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  if (shard.slots.empty()) return {};
  const Slot& slot = shard.slots[place(shard.slots, key, player.uuid(), number)];
  if (slot.mode == 0) return {};
  return {slot.mmr / 100.0, slot.deviation / 100.0, slot.games, time_of(slot.deviation_at),
          slot.deviation_growth / 1000.0};
}

std::size_t RatingView::size() const {
  std::size_t rows = 0;
  for (const auto& shard : shards_) {
    const MutexLock lock(shard.mutex);
    rows += shard.used;
  }
  return rows;
}

std::size_t RatingView::bytes() const {
  std::size_t bytes = sizeof *this;
  for (const auto& shard : shards_) {
    const MutexLock lock(shard.mutex);
    bytes += shard.slots.size() * sizeof(Slot);
  }
  return bytes;
}

RatingView::ModeNumber RatingView::number_of(const Mode& mode) const {
  std::shared_lock lock(modes_mutex_);
  const auto found = modes_.find(mode);
  return found == modes_.end() ? ModeNumber{0} : found->second;
}

RatingView::ModeNumber RatingView::number_or_new(const Mode& mode) {
  if (const auto known = number_of(mode); known != 0) return known;
  std::unique_lock lock(modes_mutex_);
  if (modes_.size() >= std::numeric_limits<ModeNumber>::max()) return 0;
  return modes_.try_emplace(mode, static_cast<ModeNumber>(modes_.size() + 1)).first->second;
}

/// The upper six bits select the shard, the lower ones the slot.
std::uint64_t RatingView::hash(const Uuid& player, ModeNumber mode) {
  std::uint64_t h = std::hash<Uuid>{}(player) + mode * 0xD6E8FEB86659FD93ULL;
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
  return h ^ (h >> 32);
}

/// The index of the row, or of the empty slot where the row would be stored.
std::size_t RatingView::place(const std::vector<Slot>& slots, std::uint64_t hash, const Uuid& player, ModeNumber mode) {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = hash & mask;
  while (slots[at].mode != 0 && (slots[at].mode != mode || slots[at].player != player)) at = (at + 1) & mask;
  return at;
}

void RatingView::grow(Shard& shard) {
  std::vector<Slot> larger(std::max(kInitialSlots, shard.slots.size() * 2));
  for (const auto& slot : shard.slots) {
    if (slot.mode != 0) larger[place(larger, hash(slot.player, slot.mode), slot.player, slot.mode)] = slot;
  }
  shard.slots = std::move(larger);
}

}  // namespace mm::lobby
