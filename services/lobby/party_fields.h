// Converts a party to the fields of its Redis hash and back (store.h lists the fields).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/lobby/core/party.h"

namespace mm::lobby {

using Fields = std::map<std::string, std::string>;

Fields fields_of(const PartyState& state);
/// The stored party, before with_ticket() sets status, ticket and match. None if the fields are not those of a party.
std::optional<PartyState> parse_party(PartyId id, const Fields& fields);

std::string invite_text(const OpenInvite& invite);
std::optional<OpenInvite> parse_invite(std::string_view text);

std::optional<Presence> parse_presence(std::string_view text);

}  // namespace mm::lobby
