// One ticket as the team splitter sees it: a rating and a number of players.
#pragma once

#include <cstdint>

#include "services/matchmaker/matching/ticket/rating.h"

namespace mm::matching {

struct Unit {
  Rating rating;
  int size;

  std::int64_t strength() const { return static_cast<std::int64_t>(rating) * size; }
};

}  // namespace mm::matching
