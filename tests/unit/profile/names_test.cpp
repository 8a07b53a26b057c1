// Tests the comparison of names, the registrations in flight, and the cursor of rating pages.
#include <gtest/gtest.h>

#include "services/profile/core/fold.h"
#include "services/profile/core/rating_cursor.h"
#include "services/profile/names_in_flight.h"

namespace mm::profile {
namespace {

TEST(Names, AreEqualIfOnlyTheirCaseDiffers) {
  EXPECT_EQ(folded("Ann_B-9"), "ann_b-9");
  EXPECT_EQ(folded("ANN@Example.ORG"), "ann@example.org");
  EXPECT_EQ(folded("\xC3\x84nn@example.org"), "\xC3\x84nn@example.org") << "only ASCII letters are folded";
  EXPECT_EQ(folded(""), "");
}

TEST(NamesInFlight, TriesOneRegistrationPerNameAndReturnsTheWaiters) {
  NamesInFlight names;
  int called = 0;
  const auto waiter = [&](const Reply<RegisteredPlayer>&) { ++called; };
  EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::first);
  EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::waits);
  EXPECT_EQ(names.enter("b", waiter), NamesInFlight::Entry::first);
  EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::waits);
  for (const auto& waiting : names.leave("a")) waiting(refuse(Code::username_taken));
  EXPECT_EQ(called, 2);
  EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::first) << "the name is free again";
  EXPECT_TRUE(names.leave("b").empty());
  EXPECT_TRUE(names.leave("b").empty());
}

TEST(NamesInFlight, HasAtMostAThousandWaiters) {
  NamesInFlight names;
  const auto waiter = [](const Reply<RegisteredPlayer>&) {};
  EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::first);
  for (std::size_t i = 0; i < NamesInFlight::kMaxWaiters; ++i) {
    EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::waits);
  }
  EXPECT_EQ(names.enter("a", waiter), NamesInFlight::Entry::full);
  EXPECT_EQ(names.enter("b", waiter), NamesInFlight::Entry::first) << "other names are accepted";
  EXPECT_EQ(names.leave("a").size(), NamesInFlight::kMaxWaiters);
  EXPECT_EQ(names.enter("b", waiter), NamesInFlight::Entry::waits);
}

TEST(RatingCursor, AcceptsOnlyTheTextThatItWrites) {
  const RatingCursor cursor{default_tenant(), *PlayerId::parse("018f0000-0000-7000-8000-000000000001"), ranked_mode()};
  EXPECT_EQ(cursor.text(), "default/018f0000-0000-7000-8000-000000000001/ranked");
  EXPECT_EQ(RatingCursor::parse(cursor.text()), cursor);
  for (const char* text :
       {"", "/", "//", "default", "default/ranked", "default//ranked", "a/b/c",
        "/018f0000-0000-7000-8000-000000000001/ranked", "default/018f0000-0000-7000-8000-000000000001/",
        "default/018F0000-0000-7000-8000-000000000001/ranked", "default/018f0000-0000-7000-8000-000000000001/ranked/",
        " default/018f0000-0000-7000-8000-000000000001/ranked",
        "default/x/018f0000-0000-7000-8000-000000000001/ranked"}) {
    EXPECT_FALSE(RatingCursor::parse(text)) << text;
  }
}

}  // namespace
}  // namespace mm::profile
