// The policies by name, as the tournament and the subcommands ask for them.
#pragma once

#include "services/matchmaker/tools/policies/policy.h"

namespace mm::matchmaker::tools {

enum class Formats { any, two_teams, duels };
/// An experiment plays only when it is asked for by name.
enum class Standing { ours, rival, experiment };

struct PolicyKind {
  std::string_view name;
  std::string_view about;
  Formats formats;
  Standing standing;
  std::unique_ptr<Policy> (*make)(const Terms& terms);  ///< the terms must outlive it
};

/// Ours first.
std::span<const PolicyKind> policy_kinds();
const PolicyKind* find_policy(std::string_view name);

/// Whether the policy can make matches of these terms at all.
bool plays(const PolicyKind& kind, const Terms& terms);

}  // namespace mm::matchmaker::tools
