// Tests of mm-dead-letters, with which an operator lists, reads, retries and discards dead letters.
#include <atomic>
#include <stdexcept>

#include "tests/integration/dead_letters/world.h"

namespace mm::leaderboard::dead_letters {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DeadLetterCommand : public DeadLetterTest {
 protected:
  /// A consumer that fails until `mended_` is true.
  std::unique_ptr<Consumer> broken() {
    return consumer([this](const Found& event) {
      if (!mended_) throw std::runtime_error("a bug");
      handled_.add(event.number);
      return Ack::done;
    });
  }
  std::string only_id() { return row("letter_id")[0]; }

  std::atomic<bool> mended_{false};
};

TEST_F(DeadLetterCommand, ListsAndShows) {
  EXPECT_THAT(command({"list"}).output, HasSubstr("no unresolved dead letters"));
  const auto message_id = publish_raw("{\"number\":\"\x1b[31m\"}");
  const auto events = broken();
  ASSERT_TRUE(eventually([&] { return letters() == 1; }));
  const auto list = command({"list"});
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.output,
              AllOf(HasSubstr(" " + only_id() + " "), HasSubstr("MATCH.session"), HasSubstr("match.found")));
  const auto shown = command({"show", only_id()});
  EXPECT_EQ(shown.status, 0);
  EXPECT_THAT(shown.output, AllOf(HasSubstr("message id: " + message_id), HasSubstr("reason: cannot be decoded"),
                                  HasSubstr("body: {\"number\":\"?[31m\"}"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(command({"body", only_id()}).output, "{\"number\":\"\x1b[31m\"}");
}

TEST_F(DeadLetterCommand, RetryAfterTheCauseIsMendedHandlesTheEventOnce) {
  publish(7);
  const auto events = broken();
  ASSERT_TRUE(eventually([&] { return letters() == 1; }));
  const auto early = command({"retry", only_id()});
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.output, HasSubstr("not handled: internal_error: the handler failed: a bug"));
  EXPECT_EQ(row("retries")[0], "1");
  EXPECT_THAT(row("retry_error")[0], HasSubstr("a bug"));
  mended_ = true;
  const auto retried = command({"retry", only_id()});
  EXPECT_EQ(retried.status, 0) << retried.output;
  EXPECT_THAT(handled_.all(), ::testing::ElementsAre(7));
  EXPECT_EQ(row("outcome")[0], "handled");
  const auto again = command({"retry", only_id()});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.output, HasSubstr("no such unresolved letter"));
  EXPECT_EQ(handled_.size(), 1U);
  EXPECT_TRUE(eventually([&] { return leaderboard_.metric("mm_dead_letters_unresolved") == 0; }));
}

TEST_F(DeadLetterCommand, RetryReachesOnlyTheConsumerThatFailed) {
  const auto matchmaker = testing::connect(nats(), metrics_, "matchmaker");
  Numbers others;
  Consumer other(*matchmaker, streams::kMatch, {.name = "matchmaker"}, metrics_);
  other.on<Found>(bus::into(others));
  other.start();
  publish(7);
  const auto events = broken();
  ASSERT_TRUE(eventually([&] { return letters() == 1 && others.size() == 1; }));
  mended_ = true;
  EXPECT_EQ(command({"retry", only_id()}).status, 0);
  publish(8);
  ASSERT_TRUE(eventually([&] { return others.size() == 2; }));
  EXPECT_THAT(others.all(), ::testing::ElementsAre(7, 8)) << "the retried event did not come again";
}

TEST_F(DeadLetterCommand, RetryAllGoesOnAfterAFailure) {
  for (int number = 1; number <= 3; ++number) publish(number);
  publish_raw("not json");
  const auto events = broken();
  ASSERT_TRUE(eventually([&] { return letters() == 4; }));
  mended_ = true;
  const auto run = command({"retry", "all"});
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(handled_.size(), 3U);
  EXPECT_EQ(letters("outcome = 'handled'"), 3);
  EXPECT_EQ(letters("outcome IS NULL AND retries = 1"), 1);
}

TEST_F(DeadLetterCommand, ARetryChecksTheSignatureAndTheSubject) {
  session_.reset();
  session_ = testing::connect(nats(), session_metrics_, "session");
  mended_ = true;
  Numbers rated;
  Consumer events(*session_, streams::kMatch, {.name = "session"}, session_metrics_);
  events.on_batch<MatchCompleted>(8, [&](const std::vector<bus::Delivered<MatchCompleted>>& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) rated.add(1);
    return std::vector<Ack>(batch.size(), Ack::done);
  });
  events.start();
  const auto insert = [&](const char* subject) {
    database().rows(
        "INSERT INTO ops.dead_letter (stream, consumer, sequence, stored_at, subject, message_id, traceparent, "
        "signature, body, deliveries, reason) VALUES ('MATCH', 'session', 1, clock_timestamp(), '" +
        std::string(subject) + "', 'id', '', 'forged', '{}', 5, 'test')");
  };
  insert("match.completed");
  insert("match.ready");
  const auto run = command({"retry", "all"});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, AllOf(HasSubstr("forbidden: the signature is not valid"),
                                HasSubstr("not_found: this consumer has no handler for the subject")));
  EXPECT_EQ(rated.size(), 0U);
}

TEST_F(DeadLetterCommand, ALetterOfADaemonThatDoesNotRunStays) {
  publish(7);
  auto events = broken();
  ASSERT_TRUE(eventually([&] { return letters() == 1; }));
  events.reset();
  const auto run = command({"retry", only_id()});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, HasSubstr("session does not run"));
  EXPECT_EQ(letters("outcome IS NULL"), 1);
}

TEST_F(DeadLetterCommand, DiscardsOneAndAll) {
  for (int number = 1; number <= 3; ++number) publish(number);
  const auto events = broken();
  ASSERT_TRUE(eventually([&] { return letters() == 3; }));
  const auto first = std::to_string(database().number("SELECT min(letter_id) FROM ops.dead_letter"));
  EXPECT_EQ(command({"discard", first}).status, 0);
  EXPECT_EQ(letters("outcome = 'discarded'"), 1);
  EXPECT_EQ(command({"discard", first}).status, 1) << "it is resolved";
  EXPECT_EQ(command({"discard", "all"}).status, 0);
  EXPECT_EQ(letters("outcome = 'discarded'"), 3);
  EXPECT_EQ(handled_.size(), 0U);
}

TEST_F(DeadLetterCommand, RefusesWrongWords) {
  const std::vector<std::vector<std::string_view>> wrong{
      {}, {"show"}, {"list", "1"}, {"show", "all"}, {"retry", "x"}, {"body"}, {"discard", "0"}, {"delete", "1"}};
  for (const auto& words : wrong) EXPECT_EQ(command(words).status, 64);
  EXPECT_EQ(command({"show", "999999999"}).status, 1);
}

}  // namespace
}  // namespace mm::leaderboard::dead_letters
