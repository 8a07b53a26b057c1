#include "services/lobby/store.h"

#include <algorithm>
#include <charconv>

#include "common/runtime/log.h"
#include "services/lobby/scripts.h"

namespace mm::lobby {
namespace {

using storage::Arguments;
using storage::RedisReply;

using Fields = std::map<std::string, std::string>;

std::string prefix_of(const Tenant& tenant) { return "mm:{" + tenant.str() + "}:"; }

std::string ms_text(TimePoint time) { return std::to_string(time.time_since_epoch().count()); }

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TimePoint time_of(std::string_view text) { return TimePoint(Milliseconds(number(text))); }

/// Whoever asked learns only that a part is down; why, is for the operator.
Failure<Problem> down(const storage::RedisError& error) {
  log::warning("queue_store_failed", {{"refused", error.refused}, {"reason", error.text}});
  return refuse(Code::unavailable, "Parties and queues cannot be reached now.");
}

Failure<Problem> misshapen(std::string_view what) {
  log::error("queue_store_misread", {{"what", what}});
  return refuse(Code::unavailable, "Parties and queues cannot be reached now.");
}

std::string member_text(const PartyMember& member) {
  return ms_text(member.joined_at) + (member.ready ? "|1|" : "|0|") + member.username;
}

std::optional<PartyMember> parse_member(std::string_view player, std::string_view text) {
  const auto id = PlayerId::parse(player);
  const auto first = text.find('|');
  const auto second = first == std::string_view::npos ? first : text.find('|', first + 1);
  if (!id || second == std::string_view::npos) return std::nullopt;
  return PartyMember{*id, std::string(text.substr(second + 1)), text.substr(first + 1, second - first - 1) == "1",
                     time_of(text.substr(0, first))};
}

Fields fields_of(const PartyState& state) {
  const Party& party = state.party;
  Fields fields{
      {"leader", party.leader_id.to_string()},
      {"region", party.region.str()},
      {"max_size", std::to_string(party.max_size)},
      {"public", party.is_public ? "1" : "0"},
      {"version", std::to_string(party.version)},
      {"created_at", ms_text(party.created_at)},
      {"ticket_id", party.ticket_id ? party.ticket_id->to_string() : ""},
  };
  for (const auto& member : party.members) fields["m:" + member.player_id.to_string()] = member_text(member);
  for (const auto& [player, until] : state.invites) fields["i:" + player.to_string()] = ms_text(until);
  return fields;
}

/// As stored; status, ticket and match are derived later.
std::optional<PartyState> parse_party(PartyId id, const Fields& fields) {
  PartyState state;
  Party& party = state.party;
  party.party_id = id;
  for (const auto& [name, value] : fields) {
    if (name.starts_with("m:")) {
      auto member = parse_member(std::string_view(name).substr(2), value);
      if (!member) return std::nullopt;
      party.members.push_back(std::move(*member));
    } else if (name.starts_with("i:")) {
      if (const auto guest = PlayerId::parse(std::string_view(name).substr(2))) state.invites[*guest] = time_of(value);
    }
  }
  const auto text = [&](const char* name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view{} : std::string_view(found->second);
  };
  const auto leader = PlayerId::parse(text("leader"));
  const auto region = Region::parse(text("region"));
  if (!leader || !region || party.members.empty()) return std::nullopt;
  party.leader_id = *leader;
  party.region = *region;
  party.max_size = static_cast<int>(number(text("max_size")));
  party.is_public = text("public") == "1";
  party.version = number(text("version"));
  party.created_at = time_of(text("created_at"));
  party.ticket_id = TicketId::parse(text("ticket_id"));
  std::sort(party.members.begin(), party.members.end(), [](const PartyMember& a, const PartyMember& b) {
    return std::tie(a.joined_at, a.player_id) < std::tie(b.joined_at, b.player_id);
  });
  return state;
}

TicketStage stage_of(std::string_view state, bool match_is_live) {
  if (state.empty()) return TicketStage::gone;
  if (state == "queued") return TicketStage::queued;
  if (state == "matched") return match_is_live ? TicketStage::in_match : TicketStage::match_over;
  return TicketStage::ended;
}

/// The answer of read_party.lua about the ticket.
TicketFacts parse_ticket(const RedisReply& reply) {
  if (reply.items.size() != 5) return {};
  return {stage_of(reply.items[0].text, reply.items[2].integer == 1), MatchId::parse(reply.items[1].text),
          reply.items[3].integer == 1, reply.items[4].text == text_of(CloseReason::member_disconnected)};
}

/// The answer of depart.lua about the ticket, which it has just withdrawn.
TicketFacts parse_withdrawn(std::string_view word, std::string_view match) {
  if (word == "matched") return {TicketStage::in_match, MatchId::parse(match), true, false};
  if (word == "ended") return {TicketStage::ended, std::nullopt, false, false};
  return {};
}

struct Difference {
  Arguments writes;   // name, value …
  Arguments removed;
};

Difference difference(const Fields& before, const Fields& after) {
  Difference difference;
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old != before.end() && old->second == value) continue;
    difference.writes.push_back(name);
    difference.writes.push_back(value);
  }
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) difference.removed.push_back(name);
  }
  return difference;
}

void append(Arguments& arguments, const Difference& difference) {
  arguments.push_back(std::to_string(difference.writes.size() / 2));
  arguments.insert(arguments.end(), difference.writes.begin(), difference.writes.end());
  arguments.insert(arguments.end(), difference.removed.begin(), difference.removed.end());
}

Reply<Commit> commit_named(std::string_view word) {
  if (word == "done") return Commit::done;
  if (word == "changed") return Commit::changed;
  if (word == "already_in_party") return Commit::already_in_party;
  return misshapen("commit");
}

}  // namespace

Reply<PartyLookup> PartyStore::find(const Tenant& tenant, PartyId party, std::optional<PlayerId> asks,
                                    Deadline deadline) {
  return read(tenant, {party.to_string(), asks ? asks->to_string() : ""}, deadline);
}

Reply<PartyLookup> PartyStore::find_of(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return read(tenant, {"", player.to_string()}, deadline);
}

Reply<PartyLookup> PartyStore::read(const Tenant& tenant, Arguments arguments, Deadline deadline) {
  auto reply = redis_.eval(scripts::kReadParty, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return down(reply.error());
  if (reply->items.size() != 4) return misshapen("read_party");
  PartyLookup lookup;
  lookup.asker_is_in = PartyId::parse(reply->items[1].text);
  const auto id = PartyId::parse(reply->items[0].text);
  const auto& raw = reply->items[2].items;
  if (!id || raw.empty()) return lookup;

  StoredParty stored;
  for (std::size_t i = 0; i + 1 < raw.size(); i += 2) stored.fields[raw[i].text] = raw[i + 1].text;
  auto state = parse_party(*id, stored.fields);
  if (!state) return misshapen("party");
  stored.ticket_id = state->party.ticket_id;
  stored.ticket = parse_ticket(reply->items[3]);
  stored.state = with_ticket(std::move(*state), stored.ticket);
  lookup.party = std::move(stored);
  return lookup;
}

Reply<Commit> PartyStore::create(const Tenant& tenant, const PartyState& party, Deadline deadline) {
  Arguments arguments{party.party.party_id.to_string(), party.party.leader_id.to_string()};
  for (const auto& [name, value] : fields_of(party)) {
    arguments.push_back(name);
    arguments.push_back(value);
  }
  auto reply = redis_.eval(scripts::kCreate, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return down(reply.error());
  return commit_named(reply->text);
}

Reply<Commit> PartyStore::change(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                                 std::optional<PlayerId> joiner, Deadline deadline) {
  Arguments arguments{after.party.party_id.to_string(), std::to_string(before.state.party.version),
                      joiner ? joiner->to_string() : ""};
  append(arguments, difference(before.fields, fields_of(after)));
  auto reply = redis_.eval(scripts::kChange, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return down(reply.error());
  return commit_named(reply->text);
}

Reply<Departure> PartyStore::depart(const Tenant& tenant, const StoredParty& before, const PartyState& after,
                                    const Departing& leaver, Deadline deadline) {
  Arguments arguments{after.party.party_id.to_string(), std::to_string(before.state.party.version),
                      leaver.player.to_string(), after.party.members.empty() ? "disbands" : "stays",
                      std::string(text_of(leaver.reason))};
  append(arguments, difference(before.fields, fields_of(after)));
  auto reply = redis_.eval(scripts::kDepart, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return down(reply.error());
  if (reply->items.empty()) return misshapen("depart");
  auto commit = commit_named(reply->items[0].text);
  if (!commit) return fail(std::move(commit).error());
  if (reply->items.size() < 3) return Departure{*commit, {}};
  return Departure{*commit, parse_withdrawn(reply->items[1].text, reply->items[2].text)};
}

Reply<std::vector<PartyId>> PartyStore::parties_of(const Tenant& tenant, const std::vector<PlayerId>& players,
                                                   Deadline deadline) {
  if (players.empty()) return std::vector<PartyId>{};
  Arguments command{"HMGET", prefix_of(tenant) + "member"};
  for (const auto& player : players) command.push_back(player.to_string());
  auto reply = redis_.command(std::move(command), deadline);
  if (!reply) return down(reply.error());
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
  if (!reply) return down(reply.error());
  if (reply->items.size() != 2) return misshapen("ticket");
  if (reply->items[0].is_nil()) return std::optional<TicketOwners>{};
  TicketOwners owners;
  owners.party_id = PartyId::parse(reply->items[1].text);
  // <player>|<mmr>|<deviation>, joined by commas (common/protocol)
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

Reply<bool> AwayStore::note(const Tenant& tenant, PlayerId player, const Graces& graces, TimePoint now,
                            Deadline deadline) {
  Arguments arguments{player.to_string(), ms_text(now)};
  for (const auto& [mode, grace] : graces) {
    arguments.push_back(mode.str());
    arguments.push_back(std::to_string(grace.count()));
  }
  auto reply = redis_.eval(scripts::kNoteAway, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return down(reply.error());
  return reply->integer == 1;
}

Reply<Done> AwayStore::back(const Tenant& tenant, PlayerId player, Deadline deadline) {
  auto reply = redis_.eval(scripts::kForgetAway, {prefix_of(tenant)}, {player.to_string(), ""}, deadline);
  if (!reply) return down(reply.error());
  return Done{};
}

Reply<std::vector<Tenant>> AwayStore::tenants(Deadline deadline) {
  auto reply = redis_.command({"SMEMBERS", "mm:tenants"}, deadline);
  if (!reply) return down(reply.error());
  std::vector<Tenant> tenants;
  for (const auto& item : reply->items) {
    if (auto tenant = Tenant::parse(item.text)) tenants.push_back(std::move(*tenant));
  }
  return tenants;
}

Reply<std::vector<AwayStore::Away>> AwayStore::take(const Tenant& tenant, TimePoint now, TimePoint again, int most,
                                                    Deadline deadline) {
  auto reply = redis_.eval(scripts::kTakeAway, {prefix_of(tenant)}, {ms_text(now), ms_text(again), std::to_string(most)},
                           deadline);
  if (!reply) return down(reply.error());
  std::vector<Away> taken;
  for (std::size_t i = 0; i + 1 < reply->items.size(); i += 2) {
    const auto player = PlayerId::parse(reply->items[i].text);
    if (player) taken.push_back({*player, TicketId::parse(reply->items[i + 1].text)});
  }
  return taken;
}

Reply<Done> AwayStore::dealt_with(const Tenant& tenant, const Away& away, Deadline deadline) {
  const auto ticket = away.ticket_id ? away.ticket_id->to_string() : std::string();
  auto reply = redis_.eval(scripts::kForgetAway, {prefix_of(tenant)}, {away.player.to_string(), ticket}, deadline);
  if (!reply) return down(reply.error());
  return Done{};
}

bool AwayStore::is_connected(const Tenant& tenant, PlayerId player, Deadline deadline) {
  const auto reply = cache_.command({"EXISTS", prefix_of(tenant) + "presence:" + player.to_string()}, deadline);
  return reply && reply->integer == 1;
}

}  // namespace mm::lobby
