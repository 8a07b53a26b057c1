// Tests of how permission errors of nats-server are parsed, counted and published.
#include <gmock/gmock.h>

#include "common/bus/async_errors.h"

namespace mm::bus {
namespace {

std::string parsed(std::string_view text) {
  const auto refused = parse_refusal(text);
  return refused ? refused->action + " " + refused->subject : "none";
}

TEST(Refusal, NamesTheActionAndTheSubject) {
  EXPECT_EQ(parsed(R"(Permissions Violation for Publish to "match.found")"), "publish match.found");
  EXPECT_EQ(parsed(R"(Permissions Violation for Subscription to "lobby.create" using queue "lobby")"),
            "subscribe lobby.create");
  EXPECT_EQ(parsed("Slow Consumer Detected"), "none");
  EXPECT_EQ(parsed(""), "none");
}

TEST(Refusal, IdsAndInboxesBecomeWildcards) {
  EXPECT_EQ(parsed(R"(Permissions Violation for Publish to "notify.0190a8b0-0000-7000-8000-000000000000")"),
            "publish notify.*");
  EXPECT_EQ(parsed(R"(Permissions Violation for Publish to "_INBOX_gateway.abc.1")"), "publish _INBOX_gateway.>");
  EXPECT_EQ(parsed(R"(Permissions Violation for Publish to "$JS.ACK.MATCH.lobby.1.2.3.4.5")"),
            "publish $JS.ACK.MATCH.lobby.>");
}

class BusFaults : public ::testing::Test {
 protected:
  metrics::Registry registry_;
  std::vector<std::string> published_;
  AsyncErrors async_errors_{registry_, "lobby-1", [this](std::string_view subject, std::string_view body) {
                              published_.push_back(std::string(subject) + " " + std::string(body));
                            }};
};

TEST_F(BusFaults, ASubjectIsPublishedOnceUntilANewConnectionAndCountedEachTime) {
  constexpr auto kText = R"(Permissions Violation for Publish to "queue.changed")";
  for (int i = 0; i < 3; ++i) async_errors_.report(NATS_NOT_PERMITTED, kText);
  EXPECT_THAT(
      published_,
      ::testing::ElementsAre(
          R"(events.violation.nats_permission {"instance":"lobby-1","action":"publish","subject":"queue.changed"})"));
  EXPECT_THAT(registry_.expose(), ::testing::HasSubstr("mm_bus_errors_total{kind=\"permission\"} 3"));
  EXPECT_TRUE(async_errors_.needed_subject_refused());
  async_errors_.forget();
  EXPECT_FALSE(async_errors_.needed_subject_refused());
}

TEST_F(BusFaults, AnAnswerThatComesTooLateIsOnlyCounted) {
  async_errors_.report(NATS_NOT_PERMITTED, R"(Permissions Violation for Publish to "_INBOX_gateway.abc.1")");
  EXPECT_THAT(published_, ::testing::IsEmpty());
  EXPECT_FALSE(async_errors_.needed_subject_refused());
  EXPECT_THAT(registry_.expose(), ::testing::HasSubstr("mm_bus_errors_total{kind=\"late_answer\"} 1"));
}

TEST_F(BusFaults, ARefusedInboxOrAcknowledgementMakesTheDaemonUnready) {
  for (const char* text : {R"(Permissions Violation for Subscription to "_INBOX_lobby.*")",
                           R"(Permissions Violation for Publish to "$JS.ACK.MATCH.lobby.1.2.3.4.5")"}) {
    async_errors_.forget();
    async_errors_.report(NATS_NOT_PERMITTED, text);
    EXPECT_TRUE(async_errors_.needed_subject_refused()) << text;
  }
}

TEST_F(BusFaults, ARefusedViolationEventIsNotPublishedAgain) {
  async_errors_.report(NATS_NOT_PERMITTED,
                       R"(Permissions Violation for Publish to "events.violation.nats_permission")");
  EXPECT_THAT(published_, ::testing::IsEmpty());
  EXPECT_TRUE(async_errors_.needed_subject_refused());
}

TEST_F(BusFaults, OtherErrorsAreCountedByKind) {
  async_errors_.report(NATS_SLOW_CONSUMER, "");
  async_errors_.report(NATS_ERR, "something else");
  EXPECT_THAT(registry_.expose(), ::testing::HasSubstr("mm_bus_errors_total{kind=\"slow_consumer\"} 1"));
  EXPECT_THAT(registry_.expose(), ::testing::HasSubstr("mm_bus_errors_total{kind=\"other\"} 1"));
}

}  // namespace
}  // namespace mm::bus
