// The identity on whose behalf a request is made. The gateway takes it from the access token; bus headers carry it.
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

/// Requests without these headers come from another daemon or a test. They have the role service, which may do
/// everything that the subject allows, for any player. A player may only act on their own data.
struct Caller {
  Tenant tenant = default_tenant();
  Role role = Role::service;
  std::optional<PlayerId> player;  ///< with Role::player
  std::optional<MatchId> match;    ///< with Role::server: the only match for which its token is valid
};

}  // namespace mm
