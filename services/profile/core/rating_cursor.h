// The cursor of a page of ratings: the key of its last row, written as tenant/player/mode. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/id.h"
#include "common/contracts/names.h"

namespace mm::profile {

struct RatingCursor {
  Tenant tenant;
  PlayerId player_id;
  Mode mode;

  std::string text() const { return tenant.str() + "/" + player_id.to_string() + "/" + mode.str(); }

  /// Accepts only what `text` returns.
  static std::optional<RatingCursor> parse(std::string_view text) {
    const auto first = text.find('/');
    const auto last = text.rfind('/');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    const auto tenant = Tenant::parse(text.substr(0, first));
    const auto player = PlayerId::parse(text.substr(first + 1, last - first - 1));
    const auto mode = Mode::parse(text.substr(last + 1));
    if (!tenant || !player || !mode) return std::nullopt;
    return RatingCursor{*tenant, *player, *mode};
  }

  friend bool operator==(const RatingCursor&, const RatingCursor&) = default;
};

}  // namespace mm::profile
