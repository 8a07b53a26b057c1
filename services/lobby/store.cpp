#include "services/lobby/store.h"

#include <algorithm>

#include "services/lobby/party_fields.h"
#include "services/lobby/redis_keys.h"
#include "services/lobby/scripts.h"

namespace mm::lobby {
namespace {

using storage::Arguments;
using storage::RedisReply;

TicketStage stage_of(std::string_view state, bool match_is_live) {
  if (state.empty()) return TicketStage::gone;
  if (state == "queued") return TicketStage::queued;
  if (state == "matched") return match_is_live ? TicketStage::in_match : TicketStage::match_over;
  return TicketStage::ended;
}

/// Parses the ticket in the answer of read_party.lua.
TicketFacts parse_ticket(const RedisReply& reply) {
  if (reply.items.size() != 5) return {};
  return {stage_of(reply.items[0].text, reply.items[2].integer == 1), MatchId::parse(reply.items[1].text),
          reply.items[3].integer == 1, reply.items[4].text == text_of(CloseReason::member_disconnected)};
}

/// Parses the ticket in the answer of depart.lua, which has just withdrawn the ticket.
TicketFacts parse_withdrawn(std::string_view word, std::string_view match) {
  if (word == "matched") return {TicketStage::in_match, MatchId::parse(match), true, false};
  if (word == "ended") return {TicketStage::ended, std::nullopt, false, false};
  return {};
}

/// Appends the fields to write and to remove, as scripts/shared/party_changes.lua reads them.
void append_difference(Arguments& arguments, const Fields& before, const Fields& after) {
  Arguments writes, removed;
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old != before.end() && old->second == value) continue;
    writes.push_back(name);
    writes.push_back(value);
  }
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) removed.push_back(name);
  }
  arguments.push_back(std::to_string(writes.size() / 2));
  arguments.insert(arguments.end(), writes.begin(), writes.end());
  arguments.push_back(std::to_string(removed.size()));
  arguments.insert(arguments.end(), removed.begin(), removed.end());
}

void append_invites(Arguments& arguments, const PartyState& before, const PartyState& after) {
  const auto append = [&](PlayerId player, std::string value, std::string due) {
    arguments.insert(arguments.end(), {player.to_string(), std::move(value), std::move(due)});
  };
  // When a party is disbanded, its invitations end.
  const bool disbanded = after.party.members.empty();
  for (const auto& [player, invite] : before.invites) {
    if (disbanded || !after.invites.contains(player)) append(player, "", "");
  }
  for (const auto& [player, invite] : after.invites) {
    const auto old = before.invites.find(player);
    const bool is_new = old == before.invites.end() || old->second != invite;
    if (!disbanded && is_new) append(player, invite_text(invite), ms_text(invite.expires_at));
  }
}

/// Parses the answer of create.lua and change.lua. `enters`: the player who creates or joins the party.
Reply<Commit> commit_of(const RedisReply& reply, const std::optional<PlayerId>& enters) {
  const auto item = [&](std::size_t index) {
    return index < reply.items.size() ? std::string_view(reply.items[index].text) : std::string_view{};
  };
  const auto word = item(0);
  if (word == "done") return Commit::done;
  if (word == "changed") return Commit::changed;
  if (word == "already_in_party" && enters) return already_in_party(*enters);
  if (word == "already_queued" && enters) return already_queued(*enters, TicketId::parse(item(1)));
  if (const auto guest = PlayerId::parse(item(1)); guest && word == "too_many_invites") {
    return refuse_for(Code::too_many_invites, {*guest}, "the player has too many open invitations");
  }
  return malformed("commit");
}

}  // namespace

Reply<PartyLookup> PartyStore::find(const Tenant& tenant, PartyId party, std::optional<PlayerId> caller,
                                    Deadline deadline) {
  return read(tenant, {party.to_string(), caller ? caller->to_string() : ""}, deadline);
}

Reply<PartyLookup> PartyStore::find_of(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return read(tenant, {"", player.to_string()}, deadline);
}

Reply<PartyLookup> PartyStore::read(const Tenant& tenant, Arguments arguments, Deadline deadline) {
  auto reply = redis_.eval(scripts::kReadParty, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return unavailable(reply.error());
  if (reply->items.size() != 4) return malformed("read_party");
  PartyLookup lookup;
  lookup.caller_party = PartyId::parse(reply->items[1].text);
  const auto id = PartyId::parse(reply->items[0].text);
  const auto& raw = reply->items[2].items;
  if (!id || raw.empty()) return lookup;

  StoredParty stored;
  for (std::size_t i = 0; i + 1 < raw.size(); i += 2) stored.fields[raw[i].text] = raw[i + 1].text;
  auto state = parse_party(*id, stored.fields);
  if (!state) return malformed("party");
  stored.ticket_id = state->party.ticket_id;
  stored.ticket = parse_ticket(reply->items[3]);
  stored.state = with_ticket(std::move(*state), stored.ticket);
  lookup.party = std::move(stored);
  return lookup;
}

Reply<Commit> PartyStore::create(const Tenant& tenant, const PartyState& party, Deadline deadline) {
  const auto creator = party.party.leader_id;
  Arguments arguments{party.party.party_id.to_string(), creator.to_string()};
  append_difference(arguments, {}, fields_of(party));
  // The tenant is added after its party was written: see PresenceStore::active_tenants.
  auto replies = redis_.pipeline({{std::move(arguments), &scripts::kCreate, {prefix_of(tenant)}},
                                  {{"SADD", std::string(kTenantsKey), tenant.str()}, nullptr, {}}},
                                 deadline);
  if (!replies) return unavailable(replies.error());
  for (const auto& reply : *replies) {
    if (reply.kind == RedisReply::Kind::error) return unavailable({true, reply.text});
  }
  return commit_of(replies->front(), creator);
}

Reply<Commit> PartyStore::change(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                                 std::optional<PlayerId> joiner, Deadline deadline) {
  Arguments arguments{after.party.party_id.to_string(), std::to_string(before.state.party.version),
                      joiner ? joiner->to_string() : "", std::to_string(kMaxInvitesOfPlayer)};
  append_difference(arguments, before.fields, fields_of(after));
  append_invites(arguments, before.state, after);
  auto reply = redis_.eval(scripts::kChange, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return unavailable(reply.error());
  return commit_of(*reply, joiner);
}

Reply<Departure> PartyStore::depart(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                                    const Departing& leaver, Deadline deadline) {
  Arguments arguments{after.party.party_id.to_string(), std::to_string(before.state.party.version),
                      leaver.player.to_string(), after.party.members.empty() ? "disbands" : "stays",
                      std::string(text_of(leaver.reason))};
  append_difference(arguments, before.fields, fields_of(after));
  append_invites(arguments, before.state, after);
  auto reply = redis_.eval(scripts::kDepart, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return unavailable(reply.error());
  auto commit = commit_of(*reply, std::nullopt);
  if (!commit) return fail(std::move(commit).error());
  if (reply->items.size() < 3) return Departure{*commit, {}};
  return Departure{*commit, parse_withdrawn(reply->items[1].text, reply->items[2].text)};
}

Reply<std::vector<Invitation>> PartyStore::invitations_of(const Tenant& tenant, PlayerId player, TimePoint now,
                                                          Deadline deadline) {
  auto reply = redis_.command({"HGETALL", prefix_of(tenant) + "invite:" + player.to_string()}, deadline);
  if (!reply) return unavailable(reply.error());
  std::vector<Invitation> invitations;
  for (std::size_t i = 0; i + 1 < reply->items.size(); i += 2) {
    const auto party = PartyId::parse(reply->items[i].text);
    const auto invite = parse_invite(reply->items[i + 1].text);
    if (!party || !invite) return malformed("invite");
    if (invite->expires_at > now)
      invitations.push_back({*party, invite->from, invite->from_username, invite->expires_at});
  }
  std::sort(invitations.begin(), invitations.end(), [](const Invitation& a, const Invitation& b) {
    return std::tie(a.expires_at, a.party_id) < std::tie(b.expires_at, b.party_id);
  });
  return invitations;
}

Reply<std::vector<PartyId>> PartyStore::parties_of(const Tenant& tenant, const std::vector<PlayerId>& players,
                                                   Deadline deadline) {
  if (players.empty()) return std::vector<PartyId>{};
  Arguments command{"HMGET", prefix_of(tenant) + "member"};
  for (const auto& player : players) command.push_back(player.to_string());
  auto reply = redis_.command(std::move(command), deadline);
  if (!reply) return unavailable(reply.error());
  std::vector<PartyId> parties;
  for (const auto& item : reply->items) {
    if (const auto party = PartyId::parse(item.text)) parties.push_back(*party);
  }
  std::sort(parties.begin(), parties.end());
  parties.erase(std::unique(parties.begin(), parties.end()), parties.end());
  return parties;
}

Reply<std::optional<TicketOwners>> PartyStore::owners_of(const Tenant& tenant, TicketId ticket, Deadline deadline) {
  auto reply =
      redis_.command({"HMGET", prefix_of(tenant) + "ticket:" + ticket.to_string(), "players", "party"}, deadline);
  if (!reply) return unavailable(reply.error());
  if (reply->items.size() != 2) return malformed("ticket");
  if (reply->items[0].is_nil()) return std::optional<TicketOwners>{};
  TicketOwners owners;
  owners.party_id = PartyId::parse(reply->items[1].text);
  // <player>|<mmr>|<deviation>, separated by commas (common/protocol)
  std::string_view rest = reply->items[0].text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    if (const auto player = PlayerId::parse(rest.substr(0, std::min(rest.find('|'), end)))) {
      owners.players.push_back(*player);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::optional(std::move(owners));
}

}  // namespace mm::lobby
