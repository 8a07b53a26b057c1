#include "services/gateway/exchange/active_state.h"

#include <memory>
#include <utility>

namespace mm::gateway {
namespace {

/// Collects five answers, which arrive in any order, and then the rating changes of the recent matches.
struct Gathering {
  Gathering(Shard& shard_in, RequestContext context_in, std::function<void(Reply<ActiveState>)> then_in)
      : shard(shard_in), context(std::move(context_in)), then(std::move(then_in)) {}

  Shard& shard;
  const RequestContext context;
  ActiveState state;
  std::optional<OpenInvitations> invitations;
  std::optional<RecentMatches> recent;
  std::optional<Problem> failure;
  int missing = 5;
  std::function<void(Reply<ActiveState>)> then;
};

using GatheringPtr = std::shared_ptr<Gathering>;  // owners: the callbacks of the pending requests

void finish(Gathering& g) {
  if (g.failure) return g.then(fail(*std::move(g.failure)));
  auto& state = g.state;
  // Tickets and matches that have ended are not part of the current state.
  if (state.ticket && state.ticket->status != TicketStatus::searching &&
      state.ticket->status != TicketStatus::matched) {
    state.ticket.reset();
  }
  if (state.match && is_over(state.match->status)) state.match.reset();
  if (state.ticket) state.ticket->players.reset();
  if (state.match) state.match->requeue.reset();
  if (g.invitations && !g.invitations->invites.empty()) state.invites = std::move(g.invitations->invites);
  if (g.recent && !g.recent->matches.empty()) state.recent = std::move(g.recent->matches);
  g.then(std::move(state));
}

void add_changes(std::vector<RecentMatch>& matches, const RatingChanges& changes) {
  for (const auto& change : changes.changes) {
    for (auto& match : matches) {
      if (match.match_id != change.match_id) continue;
      match.mmr_before = change.mmr_before;
      match.mmr_after = change.mmr_after;
      match.mmr_change = change.mmr_change;
    }
  }
}

// Requested after the recent matches were read. Profile sends the frame of a rating change after storing the change, so
// a change that is missing in this answer arrives in a later frame.
void rate_recent(const GatheringPtr& g) {
  GetRatingChanges request;
  request.player_id = g->context.caller.player.value_or(PlayerId());
  for (const auto& match : g->recent->matches) {
    if (match.status == MatchStatus::completed) request.match_ids.push_back(match.match_id);
  }
  if (request.match_ids.empty()) return finish(*g);
  send_request(g->shard, request, g->context, [g](Reply<RatingChanges> changes) {
    if (changes) add_changes(g->recent->matches, *changes);
    else if (changes.error().status() != 404) g->failure = std::move(changes).error();
    finish(*g);
  });
}

template <class T>
void take(const GatheringPtr& g, Reply<T> reply, std::optional<T>& part) {
  if (reply) {
    part = *std::move(reply);
  } else if (reply.error().status() != 404) {
    g->failure = std::move(reply).error();
  }
  if (--g->missing > 0) return;
  if (g->failure || !g->recent) return finish(*g);
  rate_recent(g);
}

}  // namespace

void read_active_state(Shard& shard, const RequestContext& context, std::function<void(Reply<ActiveState>)> then) {
  const auto player = context.caller.player;
  const auto g = std::make_shared<Gathering>(shard, context, std::move(then));
  GetParty party;
  party.player_id = player;
  send_request(shard, party, context, [g](Reply<Party> reply) { take(g, std::move(reply), g->state.party); });
  GetTicket ticket;
  ticket.tenant = context.caller.tenant;
  ticket.player_id = player;
  send_request(shard, ticket, context, [g](Reply<Ticket> reply) { take(g, std::move(reply), g->state.ticket); });
  send_request(shard, GetInvitations{}, context,
               [g](Reply<OpenInvitations> reply) { take(g, std::move(reply), g->invitations); });
  GetMatch match;
  match.player_id = player;
  send_request(shard, match, context, [g](Reply<MatchView> reply) { take(g, std::move(reply), g->state.match); });
  GetRecentMatches recent;
  recent.player_id = player.value_or(PlayerId());
  send_request(shard, recent, context, [g](Reply<RecentMatches> reply) { take(g, std::move(reply), g->recent); });
}

}  // namespace mm::gateway
