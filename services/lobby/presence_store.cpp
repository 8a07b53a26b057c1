#include "services/lobby/presence_store.h"

#include <algorithm>

#include "services/lobby/party_fields.h"
#include "services/lobby/redis_keys.h"
#include "services/lobby/scripts.h"

namespace mm::lobby {
namespace {

using storage::Arguments;
using storage::RedisCommand;
using storage::RedisReply;

constexpr std::string_view kMembersPerPage = "200";

RedisCommand plain(Arguments arguments) { return {std::move(arguments), nullptr, {}}; }

/// `member:<player>`, `ticket:<player>` or `invite:<party>:<player>`.
std::optional<PresenceStore::Due> parse_due(const std::string& entry, std::string_view ticket) {
  PresenceStore::Due due;
  due.entry = entry;
  due.ticket_id = TicketId::parse(ticket);
  const auto first = entry.find(':');
  const auto last = entry.rfind(':');
  if (last == std::string::npos) return std::nullopt;
  const auto player = PlayerId::parse(std::string_view(entry).substr(last + 1));
  if (!player) return std::nullopt;
  due.player = *player;
  const auto kind = std::string_view(entry).substr(0, first);
  if (kind == "member") return due;
  due.kind = kind == "ticket" ? PresenceStore::Due::Kind::ticket : PresenceStore::Due::Kind::invite;
  if (kind == "ticket") return due;
  due.party_id = PartyId::parse(std::string_view(entry).substr(first + 1, last - first - 1));
  return due.party_id ? std::optional(due) : std::nullopt;
}

}  // namespace

std::optional<std::vector<bool>> PresenceStore::connected(const Tenant& tenant, const std::vector<PlayerId>& players,
                                                          Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& player : players) {
    commands.push_back(plain({"EXISTS", prefix_of(tenant) + "presence:" + player.to_string()}));
  }
  const auto replies = cache_.pipeline(commands, deadline);
  if (!replies) return std::nullopt;
  std::vector<bool> connected;
  for (const auto& reply : *replies) {
    if (reply.kind != RedisReply::Kind::integer) return std::nullopt;
    connected.push_back(reply.integer == 1);
  }
  return connected;
}

std::optional<bool> PresenceStore::is_connected(const Tenant& tenant, PlayerId player, Deadline deadline) {
  const auto found = connected(tenant, {player}, deadline);
  return found ? std::optional<bool>(found->front()) : std::nullopt;
}

Reply<std::optional<PartyId>> PresenceStore::start_graces(const SocketChange& change, const Graces& graces,
                                                          Deadline deadline) {
  Arguments arguments{change.player.to_string(), ms_text(change.at),
                      change.running_grace == RunningGrace::restart ? "restart" : "keep",
                      std::to_string(graces.party.count())};
  for (const auto& [mode, grace] : graces.tickets) {
    arguments.push_back(mode.str());
    arguments.push_back(std::to_string(grace.count()));
  }
  auto reply = redis_.eval(scripts::kStartGraces, {prefix_of(change.tenant)}, std::move(arguments), deadline);
  if (!reply) return unavailable(reply.error());
  if (reply->items.size() != 2) return malformed("start_graces");
  if (reply->items[0].integer > 0) {
    if (auto known = add_tenant(change.tenant, deadline); !known) return fail(std::move(known).error());
  }
  return PartyId::parse(reply->items[1].text);
}

Reply<std::optional<PartyId>> PresenceStore::cancel_graces(const Tenant& tenant, PlayerId player, Deadline deadline) {
  auto reply = redis_.eval(scripts::kCancelGraces, {prefix_of(tenant)}, {player.to_string()}, deadline);
  if (!reply) return unavailable(reply.error());
  return PartyId::parse(reply->text);
}

Reply<Done> PresenceStore::add_tenant(const Tenant& tenant, Deadline deadline) {
  auto reply = redis_.command({"SADD", std::string(kTenantsKey), tenant.str()}, deadline);
  if (!reply) return unavailable(reply.error());
  return Done{};
}

Reply<bool> PresenceStore::is_empty(const Tenant& tenant, Deadline deadline) {
  const auto prefix = prefix_of(tenant);
  auto replies =
      redis_.pipeline({plain({"HLEN", prefix + "member"}), plain({"ZCARD", prefix + "party_due"})}, deadline);
  if (!replies) return unavailable(replies.error());
  return std::all_of(replies->begin(), replies->end(), [](const RedisReply& reply) {
    return reply.kind == RedisReply::Kind::integer && reply.integer == 0;
  });
}

// The set of tenants is in another hash slot than the tenant's keys, so one script cannot check the keys and remove the
// tenant. Writers add the tenant after they have written its keys. If a key is written during the removal, either
// is_empty() sees the key, or its writer adds the tenant after the removal.
Reply<std::vector<PresenceStore::TenantActivity>> PresenceStore::active_tenants(TimePoint now, Deadline deadline) {
  auto tenants = redis_.command({"SMEMBERS", std::string(kTenantsKey)}, deadline);
  if (!tenants) return unavailable(tenants.error());
  std::vector<TenantActivity> activities;
  std::vector<RedisCommand> commands;
  for (const auto& item : tenants->items) {
    auto tenant = Tenant::parse(item.text);
    if (!tenant) continue;
    const auto prefix = prefix_of(*tenant);
    commands.push_back(plain({"HLEN", prefix + "member"}));
    commands.push_back(plain({"ZCARD", prefix + "party_due"}));
    commands.push_back(plain({"ZCOUNT", prefix + "party_due", "-inf", ms_text(now)}));
    activities.push_back({std::move(*tenant)});
  }
  if (activities.empty()) return activities;
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return unavailable(replies.error());
  for (const auto& reply : *replies) {
    if (reply.kind != RedisReply::Kind::integer) return unavailable({true, reply.text});
  }
  std::vector<TenantActivity> kept;
  for (std::size_t i = 0; i < activities.size(); ++i) {
    const auto count = [&](std::size_t which) { return (*replies)[i * 3 + which].integer; };
    activities[i].has_members = count(0) > 0;
    activities[i].has_due = count(2) > 0;
    if (activities[i].has_members || count(1) > 0) {
      kept.push_back(std::move(activities[i]));
      continue;
    }
    auto removed = redis_.command({"SREM", std::string(kTenantsKey), activities[i].tenant.str()}, deadline);
    if (!removed) return unavailable(removed.error());
    const auto empty = is_empty(activities[i].tenant, deadline);
    if (empty && *empty) continue;
    if (auto known = add_tenant(activities[i].tenant, deadline); !known) return fail(std::move(known).error());
  }
  return kept;
}

Reply<std::vector<PresenceStore::Due>> PresenceStore::claim_due(const Tenant& tenant, TimePoint now, TimePoint again,
                                                                int limit, Deadline deadline) {
  auto reply = redis_.eval(scripts::kClaimDue, {prefix_of(tenant)},
                           {ms_text(now), ms_text(again), std::to_string(limit)}, deadline);
  if (!reply) return unavailable(reply.error());
  std::vector<Due> taken;
  for (std::size_t i = 0; i + 1 < reply->items.size(); i += 2) {
    if (auto due = parse_due(reply->items[i].text, reply->items[i + 1].text)) taken.push_back(std::move(*due));
  }
  return taken;
}

Reply<Done> PresenceStore::finish_due(const Tenant& tenant, const Due& due, TimePoint again, Deadline deadline) {
  auto reply = redis_.eval(scripts::kFinishDue, {prefix_of(tenant)}, {due.entry, ms_text(again)}, deadline);
  if (!reply) return unavailable(reply.error());
  return Done{};
}

Reply<PresenceStore::Page> PresenceStore::members(const Tenant& tenant, const std::string& cursor, Deadline deadline) {
  auto reply =
      redis_.eval(scripts::kMembersPage, {prefix_of(tenant)}, {cursor, std::string(kMembersPerPage)}, deadline);
  if (!reply) return unavailable(reply.error());
  if (reply->items.empty()) return malformed("members_page");
  Page page;
  page.next = reply->items[0].text;
  for (std::size_t i = 1; i + 2 < reply->items.size(); i += 3) {
    const auto player = PlayerId::parse(reply->items[i].text);
    const auto party = PartyId::parse(reply->items[i + 1].text);
    if (player && party) {
      page.members.push_back({*player, *party, parse_presence(reply->items[i + 2].text).value_or(Presence::unseen)});
    }
  }
  return page;
}

}  // namespace mm::lobby
