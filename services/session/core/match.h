// A match as session stores it, and its possible transitions. Pure.
//
//   (found) -> allocating -> ready -> running -> completed      (ready -> completed if no heartbeat came in between)
//   allocating, ready and running -> cancelled
#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
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
  std::optional<CancelReason> reason;  ///< of a cancelled match
  std::vector<TicketId> requeue;       ///< of a cancelled match: tickets that return to the queue
  std::string server_endpoint;         ///< empty until the match has a server
  std::string server_url;
  TimePoint found_at;
  TimePoint stored_at;
  std::optional<TimePoint> ready_at;
  std::optional<TimePoint> started_at;
  std::optional<TimePoint> ended_at;
  std::string result_hash;  ///< of the accepted result: of a completed match, or of one that a result voided
  std::string ended_event;  ///< body of the match.completed or match.cancelled
};

/// The end of a match as a value: the store writes it to the row and puts the event into the outbox.
struct MatchEnd {
  std::variant<MatchCompleted, MatchCancelled> event;
  std::string result_hash;  ///< empty if no result ended the match
};

/// The whole transition table. `loading` is never reached: no mode has a loading phase.
bool may_become(MatchStatus from, MatchStatus to);

/// Every state from which `to` can be reached, in the order of a match's life.
std::vector<MatchStatus> states_before(MatchStatus to);

/// The match has a server and is not over: its players may see the endpoint and get join tokens.
constexpr bool is_playable(MatchStatus status) {
  return status == MatchStatus::ready || status == MatchStatus::running;
}

std::vector<std::vector<PlayerId>> rosters_of(const std::vector<FoundTeam>& teams);
/// All players, sorted by id: the order in which rows of players are locked.
std::vector<PlayerId> players_of(const std::vector<FoundTeam>& teams);
/// Index of the player's team; -1 if the player is not in the match.
int team_of(const Match& match, PlayerId player);

/// Whether the player's ticket returned to the queue when the match was cancelled.
bool is_requeued(const Match& match, const FoundPlayer& player);

/// The view for daemons: without tokens; of a cancelled match with `requeue`.
MatchView seen_by_service(const Match& match);
/// The view for a player of the match, without the join token. The endpoint is there only while the match is playable.
MatchView seen_by_player(const Match& match, PlayerId player);

MatchReady ready_event(const Match& match);

/// The event of a match that ends without a result; decides which tickets return to the queue (`requeue`) and whose
/// players do not (`dropped`). With no_server every ticket is requeued, with conflict every ticket without a culprit;
/// with server_lost and voided none. A ticket is requeued with all its players or not at all.
MatchCancelled cancelled_event(const Match& match, CancelReason reason, const std::set<PlayerId>& culprits = {});

}  // namespace mm::session
