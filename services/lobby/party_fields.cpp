#include "services/lobby/party_fields.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "services/lobby/redis_keys.h"

namespace mm::lobby {
namespace {

constexpr std::array<std::pair<Presence, std::string_view>, 3> kPresences{{
    {Presence::connected, "connected"},
    {Presence::away, "away"},
    {Presence::absent, "absent"},
}};

std::string text_of_presence(Presence presence) {
  for (const auto& [value, text] : kPresences) {
    if (value == presence) return std::string(text);
  }
  return {};
}

/// Splits `a|b|c`; the last part may contain bars.
std::optional<std::array<std::string_view, 3>> three_parts(std::string_view text) {
  const auto first = text.find('|');
  const auto second = first == std::string_view::npos ? first : text.find('|', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return std::array{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

std::string member_text(const PartyMember& member) {
  return ms_text(member.joined_at) + (member.ready ? "|1|" : "|0|") + member.username;
}

std::optional<PartyMember> parse_member(std::string_view player, std::string_view text) {
  const auto id = PlayerId::parse(player);
  const auto parts = three_parts(text);
  if (!id || !parts) return std::nullopt;
  return PartyMember{*id, std::string((*parts)[2]), (*parts)[1] == "1", time_of((*parts)[0])};
}

/// Parses a field of one player, `<letter>:<player>`. False: it is malformed.
bool parse_player_field(PartyState& state, char letter, std::string_view player, const std::string& value) {
  if (letter == 'm') {
    auto member = parse_member(player, value);
    if (!member) return false;
    state.party.members.push_back(std::move(*member));
    return true;
  }
  const auto id = PlayerId::parse(player);
  if (!id) return false;
  if (letter == 'i') {
    if (auto invite = parse_invite(value)) state.invites[*id] = std::move(*invite);
  } else if (letter == 'k') {
    state.kicked[*id] = time_of(value);
  } else if (letter == 's') {
    if (const auto presence = parse_presence(value)) state.presence[*id] = *presence;
  }
  return true;
}

}  // namespace

std::string invite_text(const OpenInvite& invite) {
  return invite.from.to_string() + "|" + ms_text(invite.expires_at) + "|" + invite.from_username;
}

std::optional<OpenInvite> parse_invite(std::string_view text) {
  const auto parts = three_parts(text);
  const auto from = parts ? PlayerId::parse((*parts)[0]) : std::nullopt;
  if (!from) return std::nullopt;
  return OpenInvite{*from, std::string((*parts)[2]), time_of((*parts)[1])};
}

std::optional<Presence> parse_presence(std::string_view text) {
  for (const auto& [presence, name] : kPresences) {
    if (name == text) return presence;
  }
  return std::nullopt;
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
  for (const auto& [player, presence] : state.presence) {
    if (presence != Presence::unseen) fields["s:" + player.to_string()] = text_of_presence(presence);
  }
  for (const auto& [player, invite] : state.invites) fields["i:" + player.to_string()] = invite_text(invite);
  for (const auto& [player, until] : state.kicked) fields["k:" + player.to_string()] = ms_text(until);
  return fields;
}

std::optional<PartyState> parse_party(PartyId id, const Fields& fields) {
  PartyState state;
  Party& party = state.party;
  party.party_id = id;
  for (const auto& [name, value] : fields) {
    const bool is_of_player = name.size() > 2 && name[1] == ':';
    if (is_of_player && !parse_player_field(state, name[0], std::string_view(name).substr(2), value))
      return std::nullopt;
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
  party.max_size = static_cast<int>(number_of(text("max_size")));
  party.is_public = text("public") == "1";
  party.version = number_of(text("version"));
  party.created_at = time_of(text("created_at"));
  party.ticket_id = TicketId::parse(text("ticket_id"));
  for (auto& member : party.members) member.connected = presence_of(state, member.player_id) == Presence::connected;
  std::sort(party.members.begin(), party.members.end(), [](const PartyMember& a, const PartyMember& b) {
    return std::tie(a.joined_at, a.player_id) < std::tie(b.joined_at, b.player_id);
  });
  return state;
}

}  // namespace mm::lobby
