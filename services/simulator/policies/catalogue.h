// The table of policies by name, for the tournament and other subcommands.
#pragma once

#include "services/simulator/policies/policy.h"

namespace mm::simulator {

enum class Formats { any, two_teams, duels };
/// An experiment is only played if it is named explicitly.
enum class Standing { ours, rival, experiment };

struct PolicyKind {
  std::string_view name;
  std::string_view about;
  Formats formats;
  Standing standing;
  std::unique_ptr<Policy> (*make)(const Terms& terms);  ///< the terms must outlive the policy
};

/// All policies; ours is the first.
std::span<const PolicyKind> policy_kinds();
const PolicyKind* find_policy(std::string_view name);

/// Whether the policy supports the format of these terms.
bool plays(const PolicyKind& kind, const Terms& terms);

}  // namespace mm::simulator
