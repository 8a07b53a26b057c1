// One ticket, as filling and splitting teams sees it.
#pragma once

#include <cstdint>

#include "services/matchmaker/core/rating.h"

namespace mm::matchmaker {

struct Unit {
  Rating rating;
  int size;

  std::int64_t strength() const { return static_cast<std::int64_t>(rating) * size; }
};

}  // namespace mm::matchmaker
