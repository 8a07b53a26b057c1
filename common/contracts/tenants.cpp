#include "common/contracts/tenants.h"

namespace mm {
namespace {

constexpr std::string_view kAny = "*";

std::string_view without_spaces_around(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

TenantList TenantList::any() {
  TenantList list;
  list.names_.clear();
  list.any_ = true;
  return list;
}

std::optional<TenantList> TenantList::parse(std::string_view text) {
  if (without_spaces_around(text) == kAny) return any();
  TenantList list;
  list.names_.clear();
  while (true) {
    const auto comma = text.find(',');
    auto name = Tenant::parse(without_spaces_around(text.substr(0, comma)));
    if (!name || list.names_.size() >= kMaxTenants) return std::nullopt;
    list.names_.insert(std::move(*name));
    if (comma == std::string_view::npos) return list;
    text = text.substr(comma + 1);
  }
}

std::string TenantList::str() const {
  if (any_) return std::string(kAny);
  std::string text;
  for (const auto& name : names_) text += (text.empty() ? "" : ",") + name.str();
  return text;
}

}  // namespace mm
