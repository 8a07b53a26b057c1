// A match as session knows it, and what may become of it. Pure.
//
//   (found) -> allocating -> ready -> running -> completed      (ready -> completed when no heartbeat came between)
//   and from each of them, but completed, -> cancelled
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/contracts/events.h"

namespace mm::session {

/// A row of session.match.
struct Match {
  MatchId id;
  Tenant tenant;
  Mode mode;
  Region region;
  MatchSource source = MatchSource::queue;
  int team_size = 1;
  std::vector<FoundTeam> teams;
  MatchStatus status = MatchStatus::allocating;
  std::optional<CancelReason> reason;  ///< of a cancelled one
  std::vector<TicketId> requeue;       ///< of a cancelled one
  std::string server_endpoint;         ///< empty until there is a server
  std::string server_url;
  TimePoint found_at;
  TimePoint stored_at;
  std::optional<TimePoint> ready_at;
  std::optional<TimePoint> started_at;
  std::optional<TimePoint> ended_at;
  std::string result_hash;  ///< of the accepted result: of a completed match, or of one that a result voided
  std::string ended_event;  ///< body of the event that told the end
};

/// The whole transition table. `loading` is not reached: no mode has a loading phase.
bool may_become(MatchStatus from, MatchStatus to);

/// Every state from which `to` may be reached, in the order of a match's life.
std::vector<MatchStatus> states_before(MatchStatus to);

/// The server is there and the match is not over: players may have endpoint and token.
constexpr bool is_playable(MatchStatus status) {
  return status == MatchStatus::ready || status == MatchStatus::running;
}

std::vector<std::vector<PlayerId>> rosters_of(const std::vector<FoundTeam>& teams);
/// Everyone, sorted: the order in which rows of players are locked.
std::vector<PlayerId> players_of(const std::vector<FoundTeam>& teams);
/// Index of the player's team; -1 for a stranger.
int team_of(const Match& match, PlayerId player);

/// Of a cancelled match: the player's ticket searches again.
bool is_requeued(const Match& match, const FoundPlayer& player);

/// What a daemon sees: no token, and what is requeued of a cancelled match.
MatchView seen_by_service(const Match& match);
/// What a player of the match sees, still without their token. Endpoint only while it is playable.
MatchView seen_by_player(const Match& match, PlayerId player);

// The events a row gives rise to.
MatchReady ready_event(const Match& match);

/// How a match ends without a result.
struct Cancellation {
  CancelReason reason = CancelReason::no_server;
  std::vector<TicketId> requeue;  ///< these search again
  std::vector<PlayerId> dropped;  ///< these do not
};

/// `culprits`: with conflict, the players whose tickets are not requeued. Of no_server everyone is innocent; of
/// server_lost and voided nobody searches again. A ticket goes back whole or not at all.
Cancellation cancellation(const std::vector<FoundTeam>& teams, CancelReason reason,
                          const std::set<PlayerId>& culprits = {});
MatchCancelled cancelled_event(const Match& match, const Cancellation& cancellation);

}  // namespace mm::session
