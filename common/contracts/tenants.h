// The tenants a deployment serves, the setting MM_TENANTS: a comma-separated list of names, or `*` for any name.
//
// A tenant costs memory and time in several daemons, and it comes into being by its first use. So only the operator
// may name one: whoever takes requests refuses a tenant that is not in this list.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/contracts/names.h"

namespace mm {

class TenantList {
 public:
  /// What a value of the setting looks like, for the sentence that refuses one.
  static constexpr std::string_view kPattern = "^(\\*|[a-z0-9_-]{1,32}(,[a-z0-9_-]{1,32})*)$";
  static constexpr std::size_t kMost = 10'000;

  /// Without a setting: the tenant `default` alone.
  TenantList() : names_{default_tenant()} {}
  /// Every tenant.
  static TenantList any();
  /// Of the setting's text. Spaces around a name are ignored; a name given twice counts once.
  static std::optional<TenantList> parse(std::string_view text);

  bool contains(const Tenant& tenant) const { return any_ || names_.contains(tenant); }
  /// The setting's text again.
  std::string str() const;

 private:
  std::set<Tenant> names_;
  bool any_ = false;
};

}  // namespace mm
