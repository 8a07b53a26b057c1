// The list of tenants as operators write it.
#include "common/contracts/tenants.h"

#include <gtest/gtest.h>

namespace mm {
namespace {

Tenant tenant(std::string_view name) { return *Tenant::parse(name); }

TEST(TenantList, IsTheDefaultTenantAloneWithoutASetting) {
  const TenantList list;
  EXPECT_TRUE(list.contains(default_tenant()));
  EXPECT_FALSE(list.contains(tenant("chess")));
  EXPECT_EQ(list.str(), "default");
}

TEST(TenantList, HoldsTheNamesThatAreGivenAndNoOther) {
  const auto list = TenantList::parse("chess, go,go");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->contains(tenant("chess")));
  EXPECT_TRUE(list->contains(tenant("go")));
  EXPECT_FALSE(list->contains(default_tenant())) << "only what is given counts";
  EXPECT_EQ(list->str(), "chess,go");
}

TEST(TenantList, AStarStandsForEveryTenant) {
  const auto list = TenantList::parse("*");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->contains(tenant("anything")));
  EXPECT_EQ(list->str(), "*");
}

TEST(TenantList, RefusesWhatIsNoListOfNames) {
  for (const auto* text : {"", ",", "chess,", "Chess", "a b", "*,chess", "chess,*"}) {
    EXPECT_FALSE(TenantList::parse(text)) << text;
  }
}

}  // namespace
}  // namespace mm
