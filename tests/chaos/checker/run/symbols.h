// Symbols: each different text of a run is stored once, and the rest of the checker compares 32-bit numbers. A run of a
// million lines repeats its few thousand identifiers all the time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mm::chaos {

/// A text of a Symbols table. The default value is the empty text, which also means "absent". Symbols of one table are
/// equal if their texts are; their order is that of the first appearance.
struct Symbol {
  std::uint32_t value = 0;

  explicit operator bool() const { return value != 0; }
  friend auto operator<=>(const Symbol&, const Symbol&) = default;
};

/// Not thread-safe.
class Symbols {
 public:
  Symbol of(std::string_view text) {
    if (text.empty()) return {};
    if (const auto known = numbers_.find(text); known != numbers_.end()) return {known->second};
    texts_.emplace_back(text);
    const auto number = static_cast<std::uint32_t>(texts_.size());
    numbers_.emplace(texts_.back(), number);
    return {number};
  }
  /// The symbol of a text that was seen before; the empty symbol otherwise.
  Symbol known(std::string_view text) const {
    const auto found = numbers_.find(text);
    return found == numbers_.end() ? Symbol{} : Symbol{found->second};
  }
  std::string_view text(Symbol symbol) const {
    return symbol ? std::string_view(texts_[symbol.value - 1]) : std::string_view{};
  }

 private:
  std::deque<std::string> texts_;  // a deque, because numbers_ refers to the texts
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

}  // namespace mm::chaos

template <>
struct std::hash<mm::chaos::Symbol> {
  std::size_t operator()(const mm::chaos::Symbol& symbol) const noexcept {
    return static_cast<std::size_t>(symbol.value) * 0x9E3779B97F4A7C15ULL;
  }
};
