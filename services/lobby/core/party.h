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

/// How long an invitation stands, and how many a party may have open: one more, and the one that ends soonest goes.
inline constexpr Milliseconds kInviteLifetime{60 * 60 * 1000};
inline constexpr std::size_t kInvitesMax = 50;

/// Where the ticket of a party stands, as read beside it. `gone`: unknown in the queue (any more).
enum class TicketStage { none, queued, in_match, match_over, ended, gone };

struct TicketFacts {
  TicketStage stage = TicketStage::none;
  std::optional<MatchId> match_id;  ///< the one it is or was in
  bool no_requeue = false;          ///< if its match is cancelled, it does not search again
  bool for_absence = false;         ///< it ended because a member stayed away
};

/// A party as the rules see it: what players see, and the open invitations.
struct PartyState {
  Party party;
  std::map<PlayerId, TimePoint> invites;  ///< until when each stands
};

const PartyMember* find_member(const Party& party, PlayerId player);
ReadyState ready_summary(const Party& party);

PartyState found_party(PartyId id, const PlayerId& founder, const CreateParty& wishes, TimePoint now);

/// Derives status, ticket and match from the facts. A ticket that is over no longer shows. Nobody is ready any more after
/// a match, or after a ticket that ended because a member stayed away.
PartyState with_ticket(PartyState stored, const TicketFacts& ticket);

/// Sees it: members, and anyone if it is public. 404 otherwise.
Reply<Done> may_see(const Party& party, PlayerId asks);
/// 404 when it may not be seen, 403 not_member when it may.
Reply<Done> require_member(const Party& party, PlayerId asks);
/// 404 when it may not be seen, 403 not_leader when it may.
Reply<Done> require_leader(const Party& party, PlayerId asks);

struct Joiner {
  PlayerId player_id;
  std::string username;
  bool in_a_party = false;
};

Reply<PartyState> join(const PartyState& before, const Joiner& joiner, TimePoint now);
/// Without `ready`: the other way round. The same as before: the party unchanged.
Reply<PartyState> set_ready(const PartyState& before, PlayerId member, std::optional<bool> ready);
Reply<PartyState> invite(const PartyState& before, PlayerId leader, PlayerId guest, TimePoint now);
Reply<PartyState> promote(const PartyState& before, PlayerId leader, PlayerId heir);
/// An empty member list afterwards means that the party is disbanded.
Reply<PartyState> leave(const PartyState& before, PlayerId member);
Reply<PartyState> kick(const PartyState& before, PlayerId leader, PlayerId member);
/// What the waiting ticket of a party ends with when that member goes.
CloseReason reason_to_close(const PartyState& before, PlayerId leaver, bool kicked);

/// The leader queued it under this ticket. The version grows in the queue's own script.
PartyState queued(PartyState before, TicketId ticket);
/// What is to be written because the party's ticket is over, or nothing. `stored`: the ticket as it stands in the party,
/// `ended_match`: a match known to have ended, even if the queue does not know it yet; nobody is ready after it.
std::optional<PartyState> settle(const PartyState& before, const std::optional<TicketId>& stored,
                                 const TicketFacts& ticket, const std::optional<MatchId>& ended_match);

}  // namespace mm::lobby
