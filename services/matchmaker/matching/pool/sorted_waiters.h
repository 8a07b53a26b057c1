// The waiters of a pool in rating order, in small blocks. An insertion or removal moves only the waiters of one block,
// not the whole list. An index of the blocks' last ratings finds a rating in a few steps.
//
// Why not a tree or a skip list: planning mostly walks along neighbours, and a block of 64 waiters is 1 KiB of
// contiguous memory. Why not one vector: with a million waiters, inserting one tick's arrivals would move 16 MB.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "services/matchmaker/matching/ticket/waiter.h"

namespace mm::matching {

class SortedWaiters {
 public:
  /// A position: before the waiter at `index` of `block`. The end of the list is {blocks, 0}.
  struct Place {
    std::uint32_t block = 0;
    std::uint32_t index = 0;
    friend bool operator==(const Place&, const Place&) = default;
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  Place begin() const { return {0, 0}; }
  Place end() const { return {static_cast<std::uint32_t>(blocks_.size()), 0}; }
  const Waiter& at(Place place) const { return blocks_[place.block].waiters[place.index]; }
  Place next(Place place) const {
    return place.index + 1 < blocks_[place.block].count ? Place{place.block, place.index + 1}
                                                        : Place{place.block + 1, 0};
  }
  /// `place` must not be begin().
  Place before(Place place) const {
    return place.index > 0 ? Place{place.block, place.index - 1}
                           : Place{place.block - 1, blocks_[place.block - 1].count - 1};
  }
  /// The position of the first waiter with at least this rating.
  Place first_from(Rating rating) const;
  /// The position after the last waiter with at most this rating; not before `from`, and fast if near it.
  Place first_above(Rating rating, Place from) const;

  /// Prefetches the block that contains a rating. With a million waiters every block is cold, and arrivals are spread
  /// over all of them.
  void fetch(Rating rating) const {
    constexpr std::size_t kWaitersPerCacheLine = 4;
    const std::uint32_t block = block_from(rating);
    if (block == blocks_.size()) return;
    for (std::size_t i = 0; i < kBlock; i += kWaitersPerCacheLine) __builtin_prefetch(blocks_[block].waiters.get() + i);
  }

  /// Calls `visit(std::span<const Waiter>)` for the part of each block that lies in [from, to).
  template <class Visit>
  void for_each_block(Place from, Place to, Visit&& visit) const {
    for (std::uint32_t block = from.block; block < blocks_.size() && block <= to.block; ++block) {
      const std::uint32_t first = block == from.block ? from.index : 0;
      const std::uint32_t last = block == to.block ? to.index : blocks_[block].count;
      if (first < last) visit(std::span<const Waiter>(blocks_[block].waiters.get() + first, last - first));
    }
  }
  /// Calls `visit(Place, const Waiter&)` for each waiter in [from, to).
  template <class Visit>
  void for_each_place(Place from, Place to, Visit&& visit) const {
    for (std::uint32_t block = from.block; block < blocks_.size() && block <= to.block; ++block) {
      const std::uint32_t first = block == from.block ? from.index : 0;
      const std::uint32_t last = block == to.block ? to.index : blocks_[block].count;
      for (std::uint32_t i = first; i < last; ++i) visit(Place{block, i}, blocks_[block].waiters[i]);
    }
  }
  /// Calls `visit(const Waiter&)` for each waiter in [from, to).
  template <class Visit>
  void for_each(Place from, Place to, Visit&& visit) const {
    for_each_place(from, to, [&](Place, const Waiter& waiter) { visit(waiter); });
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each(begin(), end(), visit);
  }
  /// Calls `change(Waiter&)` for each waiter. `change` may change times, but not the order.
  template <class Change>
  void change_each(Change&& change) {
    for (Block& block : blocks_) {
      for (std::uint32_t i = 0; i < block.count; ++i) change(block.waiters[i]);
    }
  }

  /// Inserts waiters that are sorted by `before`, as the list is. Linear in their number and in the blocks they change.
  template <class Before>
  void insert(std::span<const Waiter> sorted, const Before& before);
  /// Removes the waiters for which `is_gone` returns true. `ratings` are their ratings, in rising order.
  template <class IsGone>
  void drop(std::span<const Rating> ratings, const IsGone& is_gone);
  void clear();

 private:
  static constexpr std::size_t kPrefetchAhead = 6;  ///< how many waiters ahead to prefetch
  static constexpr std::uint32_t kBlock = 64;
  static constexpr std::uint32_t kFilled = 58;  ///< waiters per block when a block is split: leaves space for more

  struct Block {
    std::unique_ptr<Waiter[]> waiters;
    std::uint32_t count = 0;
    Rating last = 0;  ///< rating of its last waiter
  };

  /// The first block whose last rating is at least `rating`.
  std::uint32_t block_from(Rating rating) const;
  const Waiter& last_of(std::uint32_t block) const { return blocks_[block].waiters[blocks_[block].count - 1]; }
  /// Replaces the contents of a block. What does not fit goes into new blocks in `behind`, which follow the block.
  static void write(Block& block, std::span<const Waiter> waiters, std::vector<Block>& behind);
  void insert_blocks(std::vector<std::pair<std::uint32_t, Block>> behind);
  void index_blocks();

  std::vector<Block> blocks_;  ///< no block is empty
  std::vector<Rating> last_;   ///< the last rating of each block, contiguous for the search
  std::size_t size_ = 0;
};

template <class Before>
void SortedWaiters::insert(std::span<const Waiter> sorted, const Before& before) {
  std::vector<std::pair<std::uint32_t, Block>> split;  // new blocks, each with the block it follows
  std::vector<Waiter> merged;
  std::vector<Block> more;
  size_ += sorted.size();
  if (blocks_.empty() && !sorted.empty()) blocks_.emplace_back();
  const auto blocks = static_cast<std::uint32_t>(blocks_.size());
  for (std::size_t arriving = 0; arriving < sorted.size();) {
    if (arriving + kPrefetchAhead < sorted.size()) fetch(sorted[arriving + kPrefetchAhead].rating);
    // A waiter that comes before the block's last waiter belongs in the block; the last block takes all others.
    std::uint32_t b = std::min(block_from(sorted[arriving].rating), blocks - 1);
    while (b + 1 < blocks && !before(sorted[arriving], last_of(b))) ++b;
    const std::size_t begin = arriving++;
    while (arriving < sorted.size() && (b + 1 == blocks || before(sorted[arriving], last_of(b)))) ++arriving;
    const std::span<const Waiter> held(blocks_[b].waiters.get(), blocks_[b].count);
    const auto coming = sorted.subspan(begin, arriving - begin);
    if (held.empty()) {
      write(blocks_[b], coming, more);
    } else {
      merged.resize(held.size() + coming.size());
      std::merge(held.begin(), held.end(), coming.begin(), coming.end(), merged.begin(), before);
      write(blocks_[b], merged, more);
    }
    for (Block& block : more) split.emplace_back(b, std::move(block));
    more.clear();
  }
  insert_blocks(std::move(split));
  index_blocks();
}

template <class IsGone>
void SortedWaiters::drop(std::span<const Rating> ratings, const IsGone& is_gone) {
  std::uint32_t b = 0;
  for (std::size_t next = 0; next < ratings.size();) {
    if (next + kPrefetchAhead < ratings.size()) fetch(ratings[next + kPrefetchAhead]);
    b = std::max(b, block_from(ratings[next]));
    if (b >= blocks_.size()) break;
    Block& block = blocks_[b];
    Waiter* const begin = block.waiters.get();
    Waiter* const end = std::remove_if(begin, begin + block.count, is_gone);
    size_ -= static_cast<std::size_t>(begin + block.count - end);
    block.count = static_cast<std::uint32_t>(end - begin);
    if (block.count > 0) block.last = end[-1].rating;
    // Waiters with the same rating may continue in the next block.
    const bool goes_on =
        b + 1 < blocks_.size() && blocks_[b + 1].count > 0 && blocks_[b + 1].waiters[0].rating == last_[b];
    while (next < ratings.size() && (ratings[next] < last_[b] || (ratings[next] == last_[b] && !goes_on))) ++next;
    ++b;
  }
  std::erase_if(blocks_, [](const Block& block) { return block.count == 0; });
  index_blocks();
}

}  // namespace mm::matching
