// Searches all files of a run for secrets: the canaries that the bots planted, and anything that looks like an access
// token. Only the kind of a secret and its place are kept, so that a report of the checker contains none.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/checker/run/run.h"

namespace mm::chaos {

/// Finds any of many texts in one pass. Texts shorter than kShortest bytes are ignored, because they would be found
/// everywhere. Thread-safe after construction.
class TextFinder {
 public:
  static constexpr std::size_t kShortest = 8;

  explicit TextFinder(std::vector<std::string> texts);

  std::size_t size() const { return texts_.size(); }
  /// Calls `found(offset)` for each place in `text` where one of the texts begins.
  void find(std::string_view text, const std::function<void(std::size_t offset)>& found) const;

 private:
  static std::uint64_t head(const char* text);
  static std::size_t slot(std::uint64_t head) { return static_cast<std::size_t>((head * 0x9E3779B97F4A7C15ULL) >> 48); }

  std::vector<std::string> texts_;  ///< sorted by head
  std::vector<bool> heads_;         ///< by slot: whether a text may begin so
};

/// Where a JSON Web Token begins in a text, or npos.
std::size_t find_token(std::string_view text, std::size_t from);

/// Reads canaries.txt and searches history, logs, metrics and dumps. Fills Run::leaks.
void search_secrets(Run& run);

}  // namespace mm::chaos
