// The rules of a party: who may do what, and what the party is afterwards. Every rule is a function from the party as
// it is to the party as it will be, or a refusal; no I/O, no clock. What it returns is written only if the party still
// has the version the rule saw (store.h), so a rule never meets a race.
//
// Refusals come in this order: not found or not allowed (404, 403), then bad values (422), then conflicts (409).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/contracts/lobby.h"
#include "common/contracts/problem.h"

namespace mm::lobby {

/// How long an invitation stands, and how many may be open: of a party, and for a player.
inline constexpr Milliseconds kInviteLifetime{60 * 60 * 1000};
inline constexpr std::size_t kMaxInvites = 50;
inline constexpr std::size_t kMaxInvitesOfPlayer = 50;
/// How long a removed player cannot join again, unless the leader invites them.
inline constexpr Milliseconds kKickBan{5 * 60 * 1000};
/// How long a member without a socket is waited for: then they are not ready any more and do not lead any more.
inline constexpr Milliseconds kAbsenceGrace{10'000};

/// Where the ticket of a party stands, as read beside it. `gone`: unknown in the queue (any more).
enum class TicketStage { none, queued, in_match, match_over, ended, gone };

struct TicketFacts {
  TicketStage stage = TicketStage::none;
  std::optional<MatchId> match_id;  ///< the one it is or was in
  bool no_requeue = false;          ///< if its match is cancelled, it does not search again
  bool for_absence = false;         ///< it ended because a member stayed away
};

/// Whether a member is there, as their sockets show it. A player who never had a socket while a member is `unseen`,
/// whatever happens: bots and clients that only use HTTP are not concerned.
enum class Presence {
  unseen,
  connected,
  away,    ///< the last socket closed; the grace runs
  absent,  ///< the grace has ended
};

struct OpenInvite {
  PlayerId from;
  std::string from_username;
  TimePoint expires_at;
  friend bool operator==(const OpenInvite&, const OpenInvite&) = default;
};

/// A party as the rules see it: what players see, and what only the rules know.
struct PartyState {
  Party party;
  std::map<PlayerId, Presence> presence;   ///< of members; who is not listed is unseen
  std::map<PlayerId, OpenInvite> invites;  ///< by the invited player; some may have expired
  std::map<PlayerId, TimePoint> kicked;    ///< until when each must not join
};

Failure<Problem> no_such_party();
Failure<Problem> already_in_party(PlayerId player);
/// 409 with the live ticket: who is queued alone cannot enter a party.
Failure<Problem> already_queued(PlayerId player, const std::optional<TicketId>& ticket);

const PartyMember* find_member(const Party& party, PlayerId player);
Presence presence_of(const PartyState& state, PlayerId member);
/// Sets it, and what members see of it.
void set_presence(PartyState& state, PlayerId member, Presence presence);
ReadyState ready_summary(const Party& party);

struct Creator {
  PlayerId player_id;
  bool connected = false;
};

PartyState create_party(PartyId id, const Creator& creator, const CreateParty& wishes, TimePoint now);

/// Derives status, ticket and match from the facts. A ticket that is over no longer shows. Nobody is ready any more
/// after a match, or after a ticket that ended because a member stayed away.
PartyState with_ticket(PartyState stored, const TicketFacts& ticket);

/// Sees it: members, and anyone if it is public. 404 otherwise.
Reply<Done> may_see(const Party& party, PlayerId caller);
/// 404 when it may not be seen, 403 not_member when it may.
Reply<Done> require_member(const Party& party, PlayerId caller);
/// 404 when it may not be seen, 403 not_leader when it may.
Reply<Done> require_leader(const Party& party, PlayerId caller);

struct Joiner {
  PlayerId player_id;
  std::string username;
  bool in_a_party = false;
  bool connected = false;
};

Reply<PartyState> join(const PartyState& before, const Joiner& joiner, TimePoint now);
/// Without `ready`: the other way round. The same as before: the party unchanged.
Reply<PartyState> set_ready(const PartyState& before, PlayerId member, std::optional<bool> ready);
/// Lifts the ban of a player who was removed.
Reply<PartyState> invite(const PartyState& before, PlayerId leader, PlayerId guest, TimePoint now);
/// The guest declines, or the leader withdraws it.
Reply<PartyState> end_invite(const PartyState& before, PlayerId caller, PlayerId guest, TimePoint now);
/// Forgets an invitation that has expired; one that stands (again) stays.
PartyState expire_invite(const PartyState& before, PlayerId guest, TimePoint now);
Reply<PartyState> promote(const PartyState& before, PlayerId leader, PlayerId successor);
/// The lead goes to the longest-standing connected member; if nobody is, to the longest-standing. An empty member list
/// afterwards means that the party is disbanded.
Reply<PartyState> leave(const PartyState& before, PlayerId member);
Reply<PartyState> kick(const PartyState& before, PlayerId leader, PlayerId member, TimePoint now);

/// A member's first socket opened, or the last one closed.
PartyState socket_changed(const PartyState& before, PlayerId member, bool connected);
/// The grace of a member without a socket has ended: not ready, and the lead goes to the longest-standing connected
/// member, if there is one; else to the first who connects.
PartyState grace_ended(const PartyState& before, PlayerId member);
/// What the waiting ticket of a party ends with when that member goes.
CloseReason reason_to_close(const PartyState& before, PlayerId leaver, bool kicked);

/// The leader queued it under this ticket. The version grows in the queue's own script.
PartyState queued(PartyState before, TicketId ticket);
/// What is to be written because the party's ticket is over, or nothing. `stored`: the ticket as it stands in the
/// party, `ended_match`: a match known to have ended, even if the queue does not know it yet; nobody is ready after it.
std::optional<PartyState> settle(const PartyState& before, const std::optional<TicketId>& stored,
                                 const TicketFacts& ticket, const std::optional<MatchId>& ended_match);

}  // namespace mm::lobby
