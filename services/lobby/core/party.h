// The rules of a party: who may do what, and the party that results. Each rule is a pure function that returns the
// changed party or a refusal. The caller writes the result only if the party still has the version that the rule was
// given (store.h), so no rule has to consider concurrent changes.
//
// If several refusals apply, the first in this order is returned: not found or not allowed (404, 403), invalid value
// (422), conflict (409).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/contracts/lobby.h"
#include "common/contracts/problem.h"

namespace mm::lobby {

/// The lifetime of an invitation, and how many may be open: of one party, and for one player.
inline constexpr Milliseconds kInviteLifetime{60 * 60 * 1000};
inline constexpr std::size_t kMaxInvites = 50;
inline constexpr std::size_t kMaxInvitesOfPlayer = 50;
/// How long a kicked player cannot join the party again, unless the leader invites the player.
inline constexpr Milliseconds kKickBan{5 * 60 * 1000};
/// How long a member may be without a socket before becoming absent, that is, not ready and not the leader.
inline constexpr Milliseconds kAbsenceGrace{10'000};

/// The stage of a party's ticket, read together with the party. `gone`: the queue does not know the ticket.
enum class TicketStage { none, queued, in_match, match_over, ended, gone };

struct TicketFacts {
  TicketStage stage = TicketStage::none;
  std::optional<MatchId> match_id;  ///< the present or the last match of the ticket
  bool no_requeue = false;          ///< if its match is cancelled, the ticket is not queued again
  bool for_absence = false;         ///< the ticket was cancelled because a member was absent
};

/// The connection of a member. A player who has never had a socket while a member stays `unseen` and never becomes
/// absent, so bots and clients that only use HTTP are not affected.
enum class Presence {
  unseen,
  connected,
  away,    ///< the last socket closed, and the grace period has not ended
  absent,  ///< the grace period has ended
};

struct OpenInvite {
  PlayerId from;
  std::string from_username;
  TimePoint expires_at;
  friend bool operator==(const OpenInvite&, const OpenInvite&) = default;
};

/// A party with the data that only the rules use; clients see `party`.
struct PartyState {
  Party party;
  std::map<PlayerId, Presence> presence;   ///< of members; a member without an entry is unseen
  std::map<PlayerId, OpenInvite> invites;  ///< by invited player; some may have expired
  std::map<PlayerId, TimePoint> kicked;    ///< by kicked player: when the ban ends
};

Failure<Problem> no_such_party();
Failure<Problem> already_in_party(PlayerId player);
/// 409 with the open ticket: a player who is queued alone cannot create or join a party.
Failure<Problem> already_queued(PlayerId player, const std::optional<TicketId>& ticket);

const PartyMember* find_member(const Party& party, PlayerId player);
Presence presence_of(const PartyState& state, PlayerId member);
/// Sets the presence and the `connected` flag that clients see.
void set_presence(PartyState& state, PlayerId member, Presence presence);
ReadyState ready_summary(const Party& party);

struct Creator {
  PlayerId player_id;
  bool connected = false;
};

PartyState create_party(PartyId id, const Creator& creator, const CreateParty& options, TimePoint now);

/// Sets status, ticket and match of the party according to the ticket. A ticket that has ended is removed. After a
/// match, and after a ticket that ended because a member was absent, no member is ready.
PartyState with_ticket(PartyState stored, const TicketFacts& ticket);

/// Members may see the party; everybody may see a public party. 404 otherwise.
Reply<Done> may_see(const Party& party, PlayerId caller);
/// 403 not_member if the caller may see the party, else 404.
Reply<Done> require_member(const Party& party, PlayerId caller);
/// 403 not_leader if the caller may see the party, else 404.
Reply<Done> require_leader(const Party& party, PlayerId caller);

struct Joiner {
  PlayerId player_id;
  std::string username;
  bool in_a_party = false;
  bool connected = false;
};

Reply<PartyState> join(const PartyState& before, const Joiner& joiner, TimePoint now);
/// Toggles the readiness if `ready` is not given. If nothing changes, returns the party with the same version.
Reply<PartyState> set_ready(const PartyState& before, PlayerId member, std::optional<bool> ready);
/// Also lifts the ban of a kicked player.
Reply<PartyState> invite(const PartyState& before, PlayerId leader, PlayerId guest, TimePoint now);
/// The guest declines the invitation, or the leader withdraws it.
Reply<PartyState> end_invite(const PartyState& before, PlayerId caller, PlayerId guest, TimePoint now);
/// Removes the invitation if it has expired; it may have been renewed since.
PartyState expire_invite(const PartyState& before, PlayerId guest, TimePoint now);
Reply<PartyState> promote(const PartyState& before, PlayerId leader, PlayerId successor);
/// If the leader leaves, the connected member who joined first leads; if no member is connected, the member who joined
/// first. A result without members means that the party is disbanded.
Reply<PartyState> leave(const PartyState& before, PlayerId member);
Reply<PartyState> kick(const PartyState& before, PlayerId leader, PlayerId member, TimePoint now);

/// The first socket of a member was opened, or the last one was closed.
PartyState socket_changed(const PartyState& before, PlayerId member, bool connected);
/// The grace period of a member without a socket has ended. The member is not ready. If the member led, the connected
/// member who joined first leads; if no member is connected, the next member to connect will lead.
PartyState grace_ended(const PartyState& before, PlayerId member);
/// The reason with which the queued ticket of a party is closed when `leaver` leaves or is kicked.
CloseReason reason_to_close(const PartyState& before, PlayerId leaver, bool kicked);

/// The party after its leader queued it. In Redis, matchmaker's enqueue script increments the version.
PartyState queued(PartyState before, TicketId ticket);
/// The party to write if its ticket has ended, else none. `stored`: the ticket id in the party's stored fields.
/// `ended_match`: a match that has ended, although the queue may not know it yet.
std::optional<PartyState> settle(const PartyState& before, const std::optional<TicketId>& stored,
                                 const TicketFacts& ticket, const std::optional<MatchId>& ended_match);

}  // namespace mm::lobby
