// Which requests to daemons the gateway may send to a second instance when the first does not answer: those that have
// the same effect and answer if two instances handle them, also if one of them does so much later.
#pragma once

#include <type_traits>

#include "common/contracts/explain.h"
#include "common/contracts/leaderboard.h"
#include "common/contracts/lobby.h"
#include "common/contracts/profile.h"
#include "common/contracts/recent.h"
#include "common/contracts/session.h"

namespace mm::gateway {

template <class Req, class... Listed>
inline constexpr bool kIsOneOf = (std::is_same_v<Req, Listed> || ...);

template <class Req>
bool is_repeatable([[maybe_unused]] const Req& request) {
  // The ticket id is the idempotency key.
  if constexpr (kIsOneOf<Req, EnterQueue, LeaveQueue>) return request.ticket_id.has_value();
  // The first result of a match decides, and a repetition gets the same answer. A login only compares the password.
  return kIsOneOf<Req, Heartbeat, ReportResult, LoginPlayer,
                  // These only read.
                  GetProfile, GetRatingChanges, GetParty, GetInvitations, GetTicket, GetExplanation, GetQueues,
                  GetMatch, GetRecentMatches, GetLeaderboard, GetHistory, GetFinishedMatch>;
}

}  // namespace mm::gateway
