// Realtime events. A game sets the handlers that it needs; Client::tick() calls them on its own thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "matchmaker/types.h"

namespace matchmaker {

struct MemberJoined {
  std::string party_id = {};
  PartyMember member = {};
};

struct MemberLeft {
  std::string party_id = {};
  std::string player_id = {};
  bool kicked = false;
};

struct MemberReady {
  std::string party_id = {};
  std::string player_id = {};
  bool ready = false;
  int ready_count = 0;
  int total_count = 0;
  bool all_ready = false;
};

/// Sent to the invited player and to the leader of the party.
struct InviteEnded {
  std::string party_id = {};
  std::string player_id = {};  ///< the invited player
  std::string reason = {};     ///< accepted, declined, withdrawn, expired, party_disbanded
};

struct ChatMessage {
  std::string party_id = {};
  std::string from_player_id = {};
  std::string from_username = {};
  std::string text = {};
};

struct QueueLeft {
  std::string ticket_id = {};
  /// cancelled, timed_out, member_disconnected, member_left, leader_left, kicked, party_disbanded, match_cancelled,
  /// no_server, queue_reset (the service lost data; the player may queue again)
  std::string reason = {};
  std::string player_id = {};  ///< the player who caused it; empty if no single player did
};

struct MatchFound {
  std::string match_id = {};
  std::string mode = {};
  std::string region = {};
  int team = 0;
  std::vector<std::vector<std::string>> teams = {};
  double quality = 0;  ///< in [0, 1]
};

struct SessionReady {
  std::string match_id = {};
  std::string server_endpoint = {};
  std::string server_url = {};
  std::string join_token = {};
  std::string expires_at = {};
};

struct MatchCancelled {
  std::string match_id = {};
  std::string reason = {};
  bool requeued = false;  ///< the ticket is back in the queue
};

struct MatchCompleted {
  std::string match_id = {};
  int winning_team = -1;  ///< -1: a draw
  double duration_seconds = 0;
};

struct RatingChanged {
  std::string match_id = {};
  std::string mode = {};
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
};

/// `connected` carries the complete current state, also after a reconnect. Events that were missed during a break of up
/// to two minutes are delivered in order just before `connected`. After a longer break, only the ends of matches that
/// were missed are delivered there, as match_completed, rating_changed and match_cancelled. Each of these events is
/// delivered once per match. A match that had ended before this Client logged in appears in `Active::recent` only,
/// unless an earlier event or state of this Client named the match.
///
/// After `disconnected` the client reconnects, unless the login has ended or the player has opened newer connections.
struct Events {
  std::function<void(const Active&)> connected = {};
  std::function<void(const std::string& why)> disconnected = {};
  std::function<void()> login_ended = {};  ///< the game must log in again

  std::function<void(const MemberJoined&)> member_joined = {};
  std::function<void(const MemberLeft&)> member_left = {};
  std::function<void(const MemberReady&)> member_ready = {};
  std::function<void(const Party&)> party_updated = {};
  std::function<void(const std::string& party_id)> party_disbanded = {};
  std::function<void(const Invitation&)> invited = {};
  std::function<void(const InviteEnded&)> invite_ended = {};
  std::function<void(const ChatMessage&)> chat_message = {};

  std::function<void(const Ticket&)> queue_entered = {};
  std::function<void(const QueueLeft&)> queue_left = {};
  std::function<void(const MatchFound&)> match_found = {};
  std::function<void(const SessionReady&)> session_ready = {};
  std::function<void(const MatchCancelled&)> match_cancelled = {};
  std::function<void(const MatchCompleted&)> match_completed = {};
  std::function<void(const RatingChanged&)> rating_changed = {};
};

}  // namespace matchmaker
