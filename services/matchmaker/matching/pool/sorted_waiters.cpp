#include "services/matchmaker/matching/pool/sorted_waiters.h"

namespace mm::matching {

SortedWaiters::Place SortedWaiters::first_from(Rating rating) const {
  const std::uint32_t block = block_from(rating);
  if (block == blocks_.size()) return end();
  const Waiter* const begin = blocks_[block].waiters.get();
  const Waiter* const found = std::partition_point(begin, begin + blocks_[block].count,
                                                   [rating](const Waiter& waiter) { return waiter.rating < rating; });
  return {block, static_cast<std::uint32_t>(found - begin)};
}

SortedWaiters::Place SortedWaiters::first_above(Rating rating, Place from) const {
  constexpr int kNear = 16;
  for (int i = 0; i < kNear && from != end(); ++i, from = next(from)) {
    if (at(from).rating > rating) return from;
  }
  return from == end() ? from : first_from(rating + 1);
}

void SortedWaiters::clear() {
  blocks_.clear();
  last_.clear();
  size_ = 0;
}

std::uint32_t SortedWaiters::block_from(Rating rating) const {
  return static_cast<std::uint32_t>(std::lower_bound(last_.begin(), last_.end(), rating) - last_.begin());
}

void SortedWaiters::write(Block& block, std::span<const Waiter> waiters, std::vector<Block>& behind) {
  const std::size_t share = waiters.size() <= kBlock ? waiters.size() : kFilled;
  for (std::size_t at = 0; at < waiters.size(); at += share) {
    Block& into = at == 0 ? block : behind.emplace_back();
    const auto part = waiters.subspan(at, std::min(share, waiters.size() - at));
    if (!into.waiters) into.waiters = std::make_unique_for_overwrite<Waiter[]>(kBlock);
    std::copy(part.begin(), part.end(), into.waiters.get());
    into.count = static_cast<std::uint32_t>(part.size());
    into.last = part.back().rating;
  }
}

void SortedWaiters::insert_blocks(std::vector<std::pair<std::uint32_t, Block>> behind) {
  if (behind.empty()) return;
  std::vector<Block> all;
  all.reserve(blocks_.size() + behind.size());
  auto next = behind.begin();
  for (std::uint32_t b = 0; b < blocks_.size(); ++b) {
    all.push_back(std::move(blocks_[b]));
    for (; next != behind.end() && next->first == b; ++next) all.push_back(std::move(next->second));
  }
  blocks_ = std::move(all);
}

void SortedWaiters::index_blocks() {
  last_.resize(blocks_.size());
  for (std::size_t b = 0; b < blocks_.size(); ++b) last_[b] = blocks_[b].last;
}

}  // namespace mm::matching
