// Redis key names used by commands outside of scripts; see common/protocol/README.md.
#pragma once

#include <string>
#include <string_view>

#include "common/contracts/names.h"

namespace mm::matchmaker {

/// The prefix of all keys of a tenant. It is also the one key that each script is given.
inline std::string prefix_of(const Tenant& tenant) { return "mm:{" + tenant.str() + "}:"; }
inline std::string key_of(const Tenant& tenant, std::string_view name) { return prefix_of(tenant) + std::string(name); }
inline std::string ticket_key(const Tenant& tenant, const std::string& ticket) {
  return key_of(tenant, "ticket:") + ticket;
}
inline const std::string kTenantsKey = "mm:tenants";
inline const std::string kPulsesKey = "mm:pulses";
inline const std::string kGenerationKey = "mm:generation";

}  // namespace mm::matchmaker
