// A vector that stores its elements in pages: it grows without moving elements and without doubling its memory.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace mm::matching {

template <class T>
class Paged {
 public:
  std::size_t size() const { return size_; }

  T& operator[](std::size_t i) { return pages_[i / kPage][i % kPage]; }
  const T& operator[](std::size_t i) const { return pages_[i / kPage][i % kPage]; }

  /// Appends `count` value-initialised elements and returns the index of the first.
  std::size_t grow(std::size_t count) {
    const std::size_t first = size_;
    size_ += count;
    while (pages_.size() * kPage < size_) pages_.push_back(std::make_unique<T[]>(kPage));
    return first;
  }

  void clear() {
    pages_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t kPage = 256;

  std::vector<std::unique_ptr<T[]>> pages_;
  std::size_t size_ = 0;
};

}  // namespace mm::matching
