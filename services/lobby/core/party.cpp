#include "services/lobby/core/party.h"

#include <algorithm>

namespace mm::lobby {
namespace {

PartyMember* find_member(Party& party, PlayerId player) {
  return const_cast<PartyMember*>(lobby::find_member(static_cast<const Party&>(party), player));
}

void clear_readiness(Party& party) {
  for (auto& member : party.members) member.ready = false;
}

PartyState with_next_version(PartyState state) {
  ++state.party.version;
  return state;
}

Reply<Done> require_idle(const Party& party) {
  switch (party.status) {
    case PartyStatus::idle: return Done{};
    case PartyStatus::queued: return refuse_for(Code::party_in_queue, {party.leader_id}, "the party is in the queue");
    case PartyStatus::in_match: break;
  }
  return refuse_for(Code::party_in_match, {party.leader_id}, "the party is in a match");
}

/// The connected member who joined first. `members` are in the order of joining.
std::optional<PlayerId> longest_connected(const PartyState& state) {
  for (const auto& member : state.party.members) {
    if (member.connected) return member.player_id;
  }
  return std::nullopt;
}

/// If the leader is absent and another member is connected, that member leads.
void pass_lead_of_absent(PartyState& state) {
  if (presence_of(state, state.party.leader_id) != Presence::absent) return;
  if (const auto successor = longest_connected(state)) state.party.leader_id = *successor;
}

PartyState remove_member(const PartyState& before, PlayerId leaver) {
  PartyState after = before;
  Party& party = after.party;
  std::erase_if(party.members, [&](const PartyMember& member) { return member.player_id == leaver; });
  after.presence.erase(leaver);
  if (party.leader_id == leaver && !party.members.empty()) {
    party.leader_id = longest_connected(after).value_or(party.members.front().player_id);
  }
  clear_readiness(party);
  if (party.status == PartyStatus::queued) {
    party.status = PartyStatus::idle;
    party.ticket_id.reset();
  }
  return with_next_version(std::move(after));
}

std::size_t count_open_invites(const PartyState& state, TimePoint now) {
  return static_cast<std::size_t>(std::count_if(state.invites.begin(), state.invites.end(),
                                                [&](const auto& invite) { return invite.second.expires_at > now; }));
}

bool is_invited(const PartyState& state, PlayerId player, TimePoint now) {
  const auto invite = state.invites.find(player);
  return invite != state.invites.end() && invite->second.expires_at > now;
}

bool is_kicked(const PartyState& state, PlayerId player, TimePoint now) {
  const auto kicked = state.kicked.find(player);
  return kicked != state.kicked.end() && kicked->second > now;
}

/// Later than the joining time of every member, even if the clock was set back: the order decides who leads next.
TimePoint joining_time(const Party& party, TimePoint now) {
  for (const auto& member : party.members) now = std::max(now, member.joined_at + Milliseconds{1});
  return now;
}

}  // namespace

Failure<Problem> no_such_party() { return refuse(Code::not_found, "there is no such party"); }

Failure<Problem> already_in_party(PlayerId player) {
  return refuse_for(Code::already_in_party, {player}, "the player must leave the present party first");
}

Failure<Problem> already_queued(PlayerId player, const std::optional<TicketId>& ticket) {
  auto refusal = refuse_for(Code::already_queued, {player}, "the player is queued already");
  refusal.error.ticket_id = ticket;
  return refusal;
}

const PartyMember* find_member(const Party& party, PlayerId player) {
  for (const auto& member : party.members) {
    if (member.player_id == player) return &member;
  }
  return nullptr;
}

Presence presence_of(const PartyState& state, PlayerId member) {
  const auto found = state.presence.find(member);
  return found == state.presence.end() ? Presence::unseen : found->second;
}

void set_presence(PartyState& state, PlayerId player, Presence presence) {
  PartyMember* member = find_member(state.party, player);
  if (member == nullptr) return;
  member->connected = presence == Presence::connected;
  if (presence == Presence::unseen) {
    state.presence.erase(player);
  } else {
    state.presence[player] = presence;
  }
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

PartyState create_party(PartyId id, const Creator& creator, const CreateParty& options, TimePoint now) {
  PartyState state;
  state.party.party_id = id;
  state.party.leader_id = creator.player_id;
  state.party.region = options.region.value_or(options.home_region.value_or(default_region()));
  state.party.max_size = options.max_size;
  state.party.is_public = options.is_public;
  state.party.members = {{creator.player_id, options.username, false, now}};
  if (creator.connected) set_presence(state, creator.player_id, Presence::connected);
  state.party.version = 1;
  state.party.created_at = now;
  return state;
}

PartyState with_ticket(PartyState stored, const TicketFacts& ticket) {
  Party& party = stored.party;
  party.status = PartyStatus::idle;
  party.match_id.reset();
  switch (ticket.stage) {
    case TicketStage::queued: party.status = PartyStatus::queued; return stored;
    case TicketStage::in_match:
      party.status = PartyStatus::in_match;
      party.match_id = ticket.match_id;
      return stored;
    case TicketStage::ended:
      // A ticket with a match ended because that match was cancelled.
      if (ticket.match_id || ticket.for_absence) clear_readiness(party);
      break;
    case TicketStage::match_over:
    case TicketStage::gone: clear_readiness(party); break;
    case TicketStage::none: break;
  }
  party.ticket_id.reset();
  return stored;
}

Reply<Done> may_see(const Party& party, PlayerId caller) {
  if (party.is_public || find_member(party, caller) != nullptr) return Done{};
  return no_such_party();
}

Reply<Done> require_member(const Party& party, PlayerId caller) {
  if (find_member(party, caller) != nullptr) return Done{};
  if (!party.is_public) return no_such_party();
  return refuse(Code::not_member, "only members of the party may do this");
}

Reply<Done> require_leader(const Party& party, PlayerId caller) {
  if (party.leader_id == caller) return Done{};
  if (auto seen = may_see(party, caller); !seen) return seen;
  return refuse(Code::not_leader, "only the party's leader may do this");
}

Reply<PartyState> join(const PartyState& before, const Joiner& joiner, TimePoint now) {
  const auto& id = joiner.player_id;
  const bool member = find_member(before.party, id) != nullptr;
  const bool invited = is_invited(before, id, now);
  if (!member && !before.party.is_public && !invited) return no_such_party();
  if (!invited && is_kicked(before, id, now)) {
    auto refusal =
        refuse(Code::kicked, "the party's leader kicked the player, who may join again later or when invited");
    const auto remaining = std::chrono::ceil<Seconds>(before.kicked.at(id) - now);
    refusal.error.retry_after_seconds = static_cast<int>(remaining.count());
    return refusal;
  }
  if (member || joiner.in_a_party) return already_in_party(id);
  if (auto idle = require_idle(before.party); !idle) return fail(std::move(idle).error());
  if (static_cast<int>(before.party.members.size()) >= before.party.max_size) {
    return refuse_for(Code::party_full, {id}, "the party is full");
  }
  PartyState after = before;
  after.invites.erase(id);
  after.party.members.push_back({id, joiner.username, false, joining_time(before.party, now)});
  if (joiner.connected) set_presence(after, id, Presence::connected);
  clear_readiness(after.party);
  pass_lead_of_absent(after);
  return with_next_version(std::move(after));
}

Reply<PartyState> set_ready(const PartyState& before, PlayerId player, std::optional<bool> ready) {
  if (auto member = require_member(before.party, player); !member) return fail(std::move(member).error());
  if (auto idle = require_idle(before.party); !idle) return fail(std::move(idle).error());
  PartyState after = before;
  PartyMember& member = *find_member(after.party, player);
  const bool wanted = ready.value_or(!member.ready);
  if (member.ready == wanted) return after;
  member.ready = wanted;
  return with_next_version(std::move(after));
}

Reply<PartyState> invite(const PartyState& before, PlayerId leader, PlayerId guest, TimePoint now) {
  if (auto leads = require_leader(before.party, leader); !leads) return fail(std::move(leads).error());
  if (find_member(before.party, guest) != nullptr) {
    return refuse_for(Code::already_in_party, {guest}, "the player is a member already");
  }
  if (!is_invited(before, guest, now) && count_open_invites(before, now) >= kMaxInvites) {
    return refuse_for(Code::too_many_invites, {leader}, "the party has too many open invitations");
  }
  PartyState after = before;
  after.kicked.erase(guest);
  after.invites[guest] = {leader, find_member(before.party, leader)->username, now + kInviteLifetime};
  return with_next_version(std::move(after));
}

Reply<PartyState> end_invite(const PartyState& before, PlayerId caller, PlayerId guest, TimePoint now) {
  if (caller != guest) {
    if (auto leads = require_leader(before.party, caller); !leads) return fail(std::move(leads).error());
  }
  if (!is_invited(before, guest, now)) return refuse(Code::not_found, "there is no such invitation");
  PartyState after = before;
  after.invites.erase(guest);
  return with_next_version(std::move(after));
}

PartyState expire_invite(const PartyState& before, PlayerId guest, TimePoint now) {
  if (!before.invites.contains(guest) || is_invited(before, guest, now)) return before;
  PartyState after = before;
  after.invites.erase(guest);
  return with_next_version(std::move(after));
}

Reply<PartyState> promote(const PartyState& before, PlayerId leader, PlayerId successor) {
  if (auto leads = require_leader(before.party, leader); !leads) return fail(std::move(leads).error());
  if (find_member(before.party, successor) == nullptr) return refuse(Code::not_found, "the player is not a member");
  if (auto idle = require_idle(before.party); !idle) return fail(std::move(idle).error());
  if (successor == leader) return before;
  if (presence_of(before, successor) == Presence::absent) {
    return refuse_for(Code::member_absent, {successor}, "the player has lost the connection");
  }
  PartyState after = before;
  after.party.leader_id = successor;
  return with_next_version(std::move(after));
}

Reply<PartyState> leave(const PartyState& before, PlayerId member) {
  if (auto known = require_member(before.party, member); !known) return fail(std::move(known).error());
  return remove_member(before, member);
}

Reply<PartyState> kick(const PartyState& before, PlayerId leader, PlayerId member, TimePoint now) {
  if (auto leads = require_leader(before.party, leader); !leads) return fail(std::move(leads).error());
  if (find_member(before.party, member) == nullptr) return refuse(Code::not_found, "the player is not a member");
  if (member == leader) return refuse_field("/player_id", "is the leader, who leaves instead");
  PartyState after = remove_member(before, member);
  std::erase_if(after.kicked, [&](const auto& kicked) { return kicked.second <= now; });
  after.kicked[member] = now + kKickBan;
  return after;
}

PartyState socket_changed(const PartyState& before, PlayerId member, bool connected) {
  const auto present = presence_of(before, member);
  const auto next = connected ? Presence::connected : present == Presence::absent ? Presence::absent : Presence::away;
  if (find_member(before.party, member) == nullptr || next == present) return before;
  PartyState after = before;
  set_presence(after, member, next);
  pass_lead_of_absent(after);
  return with_next_version(std::move(after));
}

PartyState grace_ended(const PartyState& before, PlayerId member) {
  const auto present = presence_of(before, member);
  if (present != Presence::connected && present != Presence::away) return before;
  PartyState after = before;
  set_presence(after, member, Presence::absent);
  find_member(after.party, member)->ready = false;
  pass_lead_of_absent(after);
  return with_next_version(std::move(after));
}

CloseReason reason_to_close(const PartyState& before, PlayerId leaver, bool kicked) {
  if (kicked) return CloseReason::kicked;
  if (before.party.members.size() <= 1) return CloseReason::party_disbanded;
  return before.party.leader_id == leaver ? CloseReason::leader_left : CloseReason::member_left;
}

PartyState queued(PartyState before, TicketId ticket) {
  before.party.ticket_id = ticket;
  before.party.status = PartyStatus::queued;
  return with_next_version(std::move(before));
}

std::optional<PartyState> settle(const PartyState& before, const std::optional<TicketId>& stored,
                                 const TicketFacts& ticket, const std::optional<MatchId>& ended_match) {
  if (!stored) return std::nullopt;
  if (!before.party.ticket_id) return with_next_version(before);  // with_ticket removed it because it has ended
  if (ticket.stage != TicketStage::in_match || !ended_match || ticket.match_id != ended_match) return std::nullopt;
  return with_next_version(with_ticket(before, {TicketStage::match_over, ticket.match_id, ticket.no_requeue, false}));
}

}  // namespace mm::lobby
