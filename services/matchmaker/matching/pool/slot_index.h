// Maps ticket ids to slots: a hash table of 4-byte slots with linear probing. The ids are stored in the pool's records,
// so each call takes a function `id_of(slot)`. Uses about 6 to 11 bytes per ticket; an unordered_map uses 56.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/id.h"

namespace mm::matching {

/// A hash of an id. It mixes both halves, because ids issued one after the other differ in few bits.
inline std::uint64_t mixed_bits(const TicketId& id) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.uuid().bytes.data(), 8);
  std::memcpy(&low, id.uuid().bytes.data() + 8, 8);
  std::uint64_t mixed = (high ^ (low >> 32)) * 0x9E37'79B9'7F4A'7C15ULL + low;
  mixed = (mixed ^ (mixed >> 32)) * 0xD6E8'FEB8'6659'FD93ULL;
  return mixed ^ (mixed >> 32);
}

class SlotIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  std::size_t size() const { return size_; }

  template <class IdOf>
  std::uint32_t find(const TicketId& id, const IdOf& id_of) const {
    if (cells_.empty()) return kNone;
    for (std::size_t i = home(id);; i = next(i)) {
      if (cells_[i] == kNone || same(id_of(cells_[i]), id)) return cells_[i];
    }
  }

  /// Adds a slot. Its id must not be present.
  template <class IdOf>
  void insert(std::uint32_t slot, const IdOf& id_of) {
    if ((size_ + 1) * 4 > cells_.size() * 3) grow(id_of);
    place(slot, id_of);
    ++size_;
  }

  /// Removes an id; true if it was present. Later entries move into the freed cell, so there are no tombstones.
  template <class IdOf>
  bool erase(const TicketId& id, const IdOf& id_of) {
    if (cells_.empty()) return false;
    std::size_t hole = home(id);
    for (; cells_[hole] == kNone || !same(id_of(cells_[hole]), id); hole = next(hole)) {
      if (cells_[hole] == kNone) return false;
    }
    for (std::size_t i = next(hole); cells_[i] != kNone; i = next(i)) {
      const std::size_t wanted = home(id_of(cells_[i]));
      const bool may_move = ((i - wanted) & mask()) >= ((i - hole) & mask());
      if (may_move) cells_[std::exchange(hole, i)] = cells_[i];
    }
    cells_[hole] = kNone;
    --size_;
    return true;
  }

  void clear() {
    cells_.clear();
    size_ = 0;
  }

 private:
  std::size_t mask() const { return cells_.size() - 1; }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }

  static bool same(const TicketId& a, const TicketId& b) {
    return std::memcmp(a.uuid().bytes.data(), b.uuid().bytes.data(), 16) == 0;
  }
  std::size_t home(const TicketId& id) const { return static_cast<std::size_t>(mixed_bits(id)) & mask(); }

  template <class IdOf>
  void place(std::uint32_t slot, const IdOf& id_of) {
    std::size_t i = home(id_of(slot));
    while (cells_[i] != kNone) i = next(i);
    cells_[i] = slot;
  }

  template <class IdOf>
  void grow(const IdOf& id_of) {
    std::vector<std::uint32_t> old(cells_.empty() ? 16 : cells_.size() * 2, kNone);
    old.swap(cells_);
    for (const std::uint32_t slot : old) {
      if (slot != kNone) place(slot, id_of);
    }
  }

  std::vector<std::uint32_t> cells_;  ///< size is a power of two; at most three quarters are used
  std::size_t size_ = 0;
};

}  // namespace mm::matching
