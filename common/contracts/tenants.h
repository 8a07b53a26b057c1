// The list of tenants that a deployment serves: the setting MM_TENANTS, a comma-separated list of names, or `*` for
// any.
//
// A tenant is created by its first use and costs memory and time in several daemons. Therefore only the operator may
// add one: a daemon refuses requests for a tenant that is not in this list.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/contracts/names.h"

namespace mm {

class TenantList {
 public:
  /// The pattern of the setting's value, for the error message that refuses a wrong one.
  static constexpr std::string_view kPattern = "^(\\*|[a-z0-9_-]{1,32}(,[a-z0-9_-]{1,32})*)$";
  static constexpr std::size_t kMaxTenants = 10'000;

  /// The list when the setting is absent: only the tenant `default`.
  TenantList() : names_{default_tenant()} {}
  /// A list that contains every tenant.
  static TenantList any();
  /// Parses the setting. Spaces around a name are ignored; a name that is given twice counts once.
  static std::optional<TenantList> parse(std::string_view text);

  bool contains(const Tenant& tenant) const { return any_ || names_.contains(tenant); }
  /// The list in the form of the setting.
  std::string str() const;

 private:
  std::set<Tenant> names_;
  bool any_ = false;
};

}  // namespace mm
