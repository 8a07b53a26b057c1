// Suggestions for "did you mean …?": finds the known name that a mistyped name probably meant.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mm {

/// The known name with the smallest edit distance, if that is small enough for a typing error: at most 2, or one third
/// of the characters after `shared_prefix`, if that is more. `shared_prefix` is the length of a prefix that all names
/// have.
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& known,
                                   std::size_t shared_prefix = 0);

}  // namespace mm
