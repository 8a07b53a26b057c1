// Tests of TenantList, the setting in which operators list the tenants.
#include "common/contracts/tenants.h"

#include <gtest/gtest.h>

namespace mm {
namespace {

Tenant tenant(std::string_view name) { return *Tenant::parse(name); }

TEST(TenantList, IsOnlyTheDefaultTenantWithoutASetting) {
  const TenantList list;
  EXPECT_TRUE(list.contains(default_tenant()));
  EXPECT_FALSE(list.contains(tenant("chess")));
  EXPECT_EQ(list.str(), "default");
}

TEST(TenantList, HoldsOnlyTheGivenNames) {
  const auto list = TenantList::parse("chess, go,go");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->contains(tenant("chess")));
  EXPECT_TRUE(list->contains(tenant("go")));
  EXPECT_FALSE(list->contains(default_tenant())) << "the default tenant is not added to a given list";
  EXPECT_EQ(list->str(), "chess,go");
}

TEST(TenantList, AStarAllowsEveryTenant) {
  const auto list = TenantList::parse("*");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->contains(tenant("anything")));
  EXPECT_EQ(list->str(), "*");
}

TEST(TenantList, RefusesMalformedLists) {
  for (const auto* text : {"", ",", "chess,", "Chess", "a b", "*,chess", "chess,*"}) {
    EXPECT_FALSE(TenantList::parse(text)) << text;
  }
}

}  // namespace
}  // namespace mm
