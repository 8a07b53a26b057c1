// For whom a request is made: taken from the access token by the gateway, carried in the bus headers.
#pragma once

#include <optional>

#include "common/base/id.h"
#include "common/contracts/enum_text.h"
#include "common/contracts/names.h"

namespace mm {

enum class Role { service, player, server, admin };

template <>
struct EnumText<Role> {
  static constexpr std::array<std::pair<Role, std::string_view>, 4> kAll{{
      {Role::service, "service"},
      {Role::player, "player"},
      {Role::server, "server"},
      {Role::admin, "admin"},
  }};
};

/// Requests without the headers come from another daemon or a test: role service, which may do what the subject
/// allows for anyone. A player may only do what is theirs.
struct Caller {
  Tenant tenant = default_tenant();
  Role role = Role::service;
  std::optional<PlayerId> player;  ///< with Role::player
  std::optional<MatchId> match;    ///< with Role::server: the one match its token is good for
};

}  // namespace mm
