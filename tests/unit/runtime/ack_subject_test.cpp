// Tests of parsing JetStream's reply subjects, which hold the position of an event in its stream, and of is_subject().
#include <gtest/gtest.h>

#include "common/bus/bus_impl.h"
#include "common/bus/pulled_event.h"

namespace mm::bus {
namespace {

TEST(AckSubject, IsReadInTheShortForm) {
  const auto place = parse_ack_subject("$JS.ACK.MATCH.profile-NABC.3.42.17.1767225600123456789.5");
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->consumer, "profile-NABC");
  EXPECT_EQ(place->info.deliveries, 3);
  EXPECT_EQ(place->info.sequence, 42u);
  EXPECT_EQ(place->info.stored_at, TimePoint(Milliseconds(1'767'225'600'123)));
  EXPECT_EQ(place->pending, 5u);
}

TEST(AckSubject, IsReadInTheLongForm) {
  const auto place = parse_ack_subject("$JS.ACK._.HASH.MATCH.profile-NABC.1.42.17.1767225600123456789.0.TOKEN");
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->consumer, "profile-NABC");
  EXPECT_EQ(place->info.sequence, 42u);
}

TEST(AckSubject, AnythingElseIsRefused) {
  for (const char* text :
       {"", "$JS.ACK.", "_INBOX.x.y", "$JS.ACK.MATCH.c.1.2.3.4", "$JS.ACK.MATCH.c.1.2.3.4.5.6",
        "$JS.ACK.MATCH.c.x.2.3.4.5", "$JS.ACK.MATCH.c.1.-2.3.4.5", "$JS.ACK.MATCH.c.1.99999999999999999999.3.4.5"}) {
    EXPECT_FALSE(parse_ack_subject(text)) << text;
  }
}

TEST(Subjects, HaveOnlyAllowedCharacters) {
  for (const char* good :
       {"match.found", "$JS.API.STREAM.INFO.MATCH", "notify.0190a8b0-0000-7000-8000-000000000000", "_INBOX.ABC.1"}) {
    EXPECT_TRUE(is_subject(good)) << good;
  }
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\r\nb", "a.*", ">", "a/b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_subject(bad)) << bad;
  }
  EXPECT_FALSE(is_subject(std::string(201, 'a')));
}

}  // namespace
}  // namespace mm::bus
