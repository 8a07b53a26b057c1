#include "services/lobby/core/party.h"

#include <algorithm>

namespace mm::lobby {
namespace {

PartyMember* find_member(Party& party, PlayerId player) {
  return const_cast<PartyMember*>(lobby::find_member(static_cast<const Party&>(party), player));
}

Failure<Problem> invisible() { return refuse(Code::not_found, "There is no such party."); }

void clear_readiness(Party& party) {
  for (auto& member : party.members) member.ready = false;
}

PartyState changed(PartyState state) {
  ++state.party.version;
  return state;
}

Reply<Done> require_idle(const Party& party) {
  if (party.status == PartyStatus::idle) return Done{};
  return refuse(Code::party_in_queue, "The party is queued or in a match.");
}

/// Members stand in the order of joining, so the one who leads next is the first of those who stay.
PartyState without(const PartyState& before, PlayerId leaver) {
  PartyState after = before;
  Party& party = after.party;
  std::erase_if(party.members, [&](const PartyMember& member) { return member.player_id == leaver; });
  if (party.leader_id == leaver && !party.members.empty()) party.leader_id = party.members.front().player_id;
  clear_readiness(party);
  if (party.status == PartyStatus::queued) {
    party.status = PartyStatus::idle;
    party.ticket_id.reset();
  }
  return changed(std::move(after));
}

void drop_expired_invites(PartyState& state, TimePoint now) {
  std::erase_if(state.invites, [&](const auto& invite) { return invite.second <= now; });
}

void make_room_for_an_invite(PartyState& state) {
  while (state.invites.size() >= kInvitesMax) {
    state.invites.erase(std::min_element(state.invites.begin(), state.invites.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
}

bool is_invited(const PartyState& state, PlayerId player, TimePoint now) {
  const auto invite = state.invites.find(player);
  return invite != state.invites.end() && invite->second > now;
}

/// Later than everyone else's, whatever the clock says: the order of joining decides who leads next.
TimePoint joining_time(const Party& party, TimePoint now) {
  for (const auto& member : party.members) now = std::max(now, member.joined_at + Milliseconds{1});
  return now;
}

}  // namespace

const PartyMember* find_member(const Party& party, PlayerId player) {
  for (const auto& member : party.members) {
    if (member.player_id == player) return &member;
  }
  return nullptr;
}

ReadyState ready_summary(const Party& party) {
  ReadyState summary;
  summary.party_id = party.party_id;
  summary.total_count = static_cast<int>(party.members.size());
  for (const auto& member : party.members) {
    if (member.ready) {
      ++summary.ready_count;
    } else {
      summary.not_ready.push_back(member.player_id);
    }
  }
  summary.all_ready = summary.not_ready.empty();
  return summary;
}

PartyState found_party(PartyId id, const PlayerId& founder, const CreateParty& wishes, TimePoint now) {
  PartyState state;
  state.party.party_id = id;
  state.party.leader_id = founder;
  state.party.region = wishes.region.value_or(wishes.home_region.value_or(default_region()));
  state.party.max_size = wishes.max_size;
  state.party.is_public = wishes.is_public;
  state.party.members = {{founder, wishes.username, false, now}};
  state.party.version = 1;
  state.party.created_at = now;
  return state;
}

PartyState with_ticket(PartyState stored, const TicketFacts& ticket) {
  Party& party = stored.party;
  party.status = PartyStatus::idle;
  party.match_id.reset();
  switch (ticket.stage) {
    case TicketStage::queued:
      party.status = PartyStatus::queued;
      return stored;
    case TicketStage::in_match:
      party.status = PartyStatus::in_match;
      party.match_id = ticket.match_id;
      return stored;
    case TicketStage::ended:
      // With a match, it ended because that match was cancelled.
      if (ticket.match_id || ticket.for_absence) clear_readiness(party);
      break;
    case TicketStage::match_over:
    case TicketStage::gone:
      clear_readiness(party);
      break;
    case TicketStage::none:
      break;
  }
  party.ticket_id.reset();
  return stored;
}

Reply<Done> may_see(const Party& party, PlayerId asks) {
  if (party.is_public || find_member(party, asks) != nullptr) return Done{};
  return invisible();
}

Reply<Done> require_member(const Party& party, PlayerId asks) {
  if (find_member(party, asks) != nullptr) return Done{};
  if (!party.is_public) return invisible();
  return refuse(Code::not_member, "Only members of the party may do this.");
}

Reply<Done> require_leader(const Party& party, PlayerId asks) {
  if (party.leader_id == asks) return Done{};
  if (auto seen = may_see(party, asks); !seen) return seen;
  return refuse(Code::not_leader, "Only the party's leader may do this.");
}

Reply<PartyState> join(const PartyState& before, const Joiner& joiner, TimePoint now) {
  const bool member = find_member(before.party, joiner.player_id) != nullptr;
  if (!member && !before.party.is_public && !is_invited(before, joiner.player_id, now)) return invisible();
  if (member || joiner.in_a_party) return refuse(Code::already_in_party, "Leave the present party first.");
  if (auto idle = require_idle(before.party); !idle) return fail(std::move(idle).error());
  if (static_cast<int>(before.party.members.size()) >= before.party.max_size) {
    return refuse(Code::party_full, "The party has no free place.");
  }
  PartyState after = before;
  drop_expired_invites(after, now);
  after.invites.erase(joiner.player_id);
  after.party.members.push_back({joiner.player_id, joiner.username, false, joining_time(before.party, now)});
  clear_readiness(after.party);
  return changed(std::move(after));
}

Reply<PartyState> set_ready(const PartyState& before, PlayerId player, std::optional<bool> ready) {
  if (auto member = require_member(before.party, player); !member) return fail(std::move(member).error());
  if (auto idle = require_idle(before.party); !idle) return fail(std::move(idle).error());
  PartyState after = before;
  PartyMember& member = *find_member(after.party, player);
  const bool wanted = ready.value_or(!member.ready);
  if (member.ready == wanted) return after;
  member.ready = wanted;
  return changed(std::move(after));
}

Reply<PartyState> invite(const PartyState& before, PlayerId leader, PlayerId guest, TimePoint now) {
  if (auto leads = require_leader(before.party, leader); !leads) return fail(std::move(leads).error());
  if (find_member(before.party, guest) != nullptr) {
    return refuse(Code::already_in_party, "The player is a member already.");
  }
  PartyState after = before;
  drop_expired_invites(after, now);
  after.invites.erase(guest);
  make_room_for_an_invite(after);
  after.invites[guest] = now + kInviteLifetime;
  return changed(std::move(after));
}

Reply<PartyState> promote(const PartyState& before, PlayerId leader, PlayerId heir) {
  if (auto leads = require_leader(before.party, leader); !leads) return fail(std::move(leads).error());
  if (find_member(before.party, heir) == nullptr) return refuse(Code::not_found, "The player is no member.");
  if (auto idle = require_idle(before.party); !idle) return fail(std::move(idle).error());
  if (heir == leader) return before;
  PartyState after = before;
  after.party.leader_id = heir;
  return changed(std::move(after));
}

Reply<PartyState> leave(const PartyState& before, PlayerId member) {
  if (auto known = require_member(before.party, member); !known) return fail(std::move(known).error());
  return without(before, member);
}

Reply<PartyState> kick(const PartyState& before, PlayerId leader, PlayerId member) {
  if (auto leads = require_leader(before.party, leader); !leads) return fail(std::move(leads).error());
  if (find_member(before.party, member) == nullptr) return refuse(Code::not_found, "The player is no member.");
  if (member == leader) return refuse_field("/player_id", "is the leader, who leaves instead");
  return without(before, member);
}

CloseReason reason_to_close(const PartyState& before, PlayerId leaver, bool kicked) {
  if (kicked) return CloseReason::kicked;
  if (before.party.members.size() <= 1) return CloseReason::party_disbanded;
  return before.party.leader_id == leaver ? CloseReason::leader_left : CloseReason::member_left;
}

PartyState queued(PartyState before, TicketId ticket) {
  before.party.ticket_id = ticket;
  before.party.status = PartyStatus::queued;
  return changed(std::move(before));
}

std::optional<PartyState> settle(const PartyState& before, const std::optional<TicketId>& stored,
                                 const TicketFacts& ticket, const std::optional<MatchId>& ended_match) {
  if (!stored) return std::nullopt;
  if (!before.party.ticket_id) return changed(before);  // with_ticket has seen that it is over
  if (ticket.stage != TicketStage::in_match || !ended_match || ticket.match_id != ended_match) return std::nullopt;
  return changed(with_ticket(before, {TicketStage::match_over, ticket.match_id, ticket.no_requeue, false}));
}

}  // namespace mm::lobby
