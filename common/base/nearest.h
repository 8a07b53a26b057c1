// "Did you mean …?": the known name that a mistyped one was probably meant to be.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mm {

/// The known name with the smallest edit distance, if it is near enough to be a typing error: at most two slips, or
/// one in three of the characters after `shared_prefix` (a prefix that every name has says nothing).
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& known,
                                   std::size_t shared_prefix = 0);

}  // namespace mm
