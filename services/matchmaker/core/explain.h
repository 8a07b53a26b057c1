// Why a ticket waits, with figures: the rule that keeps it, its nearest neighbours rule by rule, what becomes of it if
// nobody comes, and what would have it matched now. Pure, of a copy (neighbourhood.h), so that any thread can do it;
// all work is bounded by numbers of steps, and where those do not suffice the answer says so instead of guessing.
//
// What it promises, and tests hold it to: with nobody coming and nobody going but into matches, the tick it names
// matches the ticket and none before does; with the window it names for everybody, and with the newcomers it names, the
// next tick matches it.
#pragma once

#include "common/contracts/explain.h"
#include "services/matchmaker/core/forecast.h"
#include "services/matchmaker/core/neighbourhood.h"

namespace mm::matchmaker {

inline constexpr std::size_t kNearestMost = 10;

/// Everything of a waiting ticket's explanation. Not more than 1 ms of one core of 2.6 GHz.
Explanation explain(const Neighbourhood& around, const TickTimes& ticks);

/// The same in a few English sentences.
std::string in_words(const Explanation& explanation);

}  // namespace mm::matchmaker
