// WebSocket frames: the `data` of each frame that daemons send to players on notify.<player_id>. The complete frame is
// {"event", "seq", "data", "timestamp"}; see Notifier (common/bus/notifier.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/events.h"

namespace mm {

/// How long frames of a player are stored for a replay, and how long they are numbered and stored after the player's
/// last socket was closed.
inline constexpr Seconds kFrameLogTime{120};

}  // namespace mm

namespace mm::frames {

struct MemberJoined {
  static constexpr std::string_view kEvent = "member_joined";
  PartyId party_id;
  PartyMember member;
};
template <class F>
void describe(F& f, MemberJoined& m) {
  f("party_id", m.party_id);
  f("member", m.member);
}

struct MemberLeft {
  static constexpr std::string_view kEvent = "member_left";
  PartyId party_id;
  PlayerId player_id;
  bool kicked = false;
};
template <class F>
void describe(F& f, MemberLeft& m) {
  f("party_id", m.party_id);
  f("player_id", m.player_id);
  f("kicked", m.kicked);
}

struct MemberReady {
  static constexpr std::string_view kEvent = "member_ready";
  PartyId party_id;
  PlayerId player_id;
  bool ready = false;
  int ready_count = 0;
  int total_count = 0;
  bool all_ready = false;
};
template <class F>
void describe(F& f, MemberReady& m) {
  f("party_id", m.party_id);
  f("player_id", m.player_id);
  f("ready", m.ready);
  f("ready_count", m.ready_count);
  f("total_count", m.total_count);
  f("all_ready", m.all_ready);
}

/// Any other change of the party: leader, status, settings. `data` is the whole party.
struct PartyChanged {
  static constexpr std::string_view kEvent = "party_updated";
  Party party;
};
template <class F>
void describe(F& f, PartyChanged& m) {
  describe(f, m.party);
}

struct PartyGone {
  static constexpr std::string_view kEvent = "party_disbanded";
  PartyId party_id;
};
template <class F>
void describe(F& f, PartyGone& m) {
  f("party_id", m.party_id);
}

struct Invited {
  static constexpr std::string_view kEvent = "invited";
  PartyId party_id;
  PlayerId from;
  std::string username;
  TimePoint expires_at;
};
template <class F>
void describe(F& f, Invited& m) {
  f("party_id", m.party_id);
  f("from", m.from);
  f("username", m.username);
  f("expires_at", m.expires_at);
}

/// An invitation is no longer open. Sent to the invited player and to the party's leader.
struct InviteEnded {
  static constexpr std::string_view kEvent = "invite_ended";
  PartyId party_id;
  PlayerId player_id;  ///< the invited player
  InviteEnd reason = InviteEnd::expired;
};
template <class F>
void describe(F& f, InviteEnded& m) {
  f("party_id", m.party_id);
  f("player_id", m.player_id);
  f("reason", m.reason);
}

struct ChatMessage {
  static constexpr std::string_view kEvent = "chat_message";
  PartyId party_id;
  PlayerId from;
  std::string username;
  std::string text;
};
template <class F>
void describe(F& f, ChatMessage& m) {
  f("party_id", m.party_id);
  f("from", m.from);
  f("username", m.username);
  f("text", m.text);
}

struct QueueEntered {
  static constexpr std::string_view kEvent = "queue_entered";
  Ticket ticket;
};
template <class F>
void describe(F& f, QueueEntered& m) {
  describe(f, m.ticket);
}

struct QueueLeft {
  static constexpr std::string_view kEvent = "queue_left";
  TicketId ticket_id;
  CloseReason reason = CloseReason::cancelled;
  std::optional<PlayerId> player_id = {};  ///< the player who caused it, if one player did
};
template <class F>
void describe(F& f, QueueLeft& m) {
  f("ticket_id", m.ticket_id);
  f("reason", m.reason);
  f("player_id", m.player_id);
}

struct MatchFoundFrame {
  static constexpr std::string_view kEvent = "match_found";
  MatchId match_id;
  Mode mode;
  Region region;
  int team = 0;
  std::vector<std::vector<PlayerId>> teams;
  double quality = 0;
};
template <class F>
void describe(F& f, MatchFoundFrame& m) {
  f("match_id", m.match_id);
  f("mode", m.mode);
  f("region", m.region);
  f("team", m.team);
  f("teams", m.teams);
  f("quality", m.quality, fields::Decimals{4});
}

struct SessionReady {
  static constexpr std::string_view kEvent = "session_ready";
  MatchId match_id;
  std::string server_endpoint;
  std::string server_url;
  std::string join_token;
  TimePoint expires_at;
};
template <class F>
void describe(F& f, SessionReady& m) {
  f("match_id", m.match_id);
  f("server_endpoint", m.server_endpoint);
  f("server_url", m.server_url);
  f("join_token", m.join_token);
  f("expires_at", m.expires_at);
}

/// `requeued`: this player's ticket is searching again.
struct MatchCancelledFrame {
  static constexpr std::string_view kEvent = "match_cancelled";
  MatchId match_id;
  CancelReason reason = CancelReason::no_server;
  bool requeued = false;
};
template <class F>
void describe(F& f, MatchCancelledFrame& m) {
  f("match_id", m.match_id);
  f("reason", m.reason);
  f("requeued", m.requeued);
}

struct MatchCompletedFrame {
  static constexpr std::string_view kEvent = "match_completed";
  MatchId match_id;
  std::optional<int> winning_team;
  double duration_seconds = 0;
};
template <class F>
void describe(F& f, MatchCompletedFrame& m) {
  f("match_id", m.match_id);
  f("winning_team", m.winning_team, fields::Nullable{}, fields::Optional{});
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
}

struct RatingChanged {
  static constexpr std::string_view kEvent = "rating_changed";
  MatchId match_id;
  Mode mode;
  double mmr_before = 0;
  double mmr_after = 0;
  double mmr_change = 0;
};
template <class F>
void describe(F& f, RatingChanged& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("mode", m.mode);
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("mmr_change", m.mmr_change, Decimals{2});
}

}  // namespace mm::frames
