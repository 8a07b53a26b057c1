// Tests of storing dead letters: nothing is lost and other events flow, whatever fails.
#include <atomic>
#include <stdexcept>

#include "common/bus/server.h"
#include "common/bus/stream_setup.h"
#include "services/leaderboard/dead_letters/store.h"
#include "tests/integration/dead_letters/world.h"

namespace mm::leaderboard::dead_letters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Almost 1 MiB of all byte values, so that the event with its headers is as large as a stream accepts.
std::string any_bytes() {
  std::string bytes;
  for (std::size_t i = 0; i < limits::kMaxEventBytes - 1'000; ++i) bytes += static_cast<char>(i * 7 % 256);
  return bytes;
}

std::string hex_of(std::string_view bytes) {
  std::string text = "\\x";
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

class Storing : public DeadLetterTest {
 protected:
  static storage::PostgresOptions options_of_leaderboard() {
    storage::PostgresOptions options;
    options.url = postgres().url_as("leaderboard");
    options.password = testing::OwnPostgres::password_of("leaderboard");
    return options;
  }

  /// A consumer that handles even numbers, cannot handle odd ones, and fails at 1,001.
  std::unique_ptr<Consumer> picky() {
    return consumer([this](const Found& event) {
      if (event.number == 1'001) throw std::runtime_error("a bug");
      if (event.number % 2 == 1) return Ack::reject;
      handled_.add(event.number);
      return Ack::done;
    });
  }
};

TEST_F(Storing, PoisonAmongGoodEventsIsStoredWholeAndTheGoodOnesFlow) {
  const auto bytes = any_bytes();
  publish(2);
  const auto poison = publish_raw(bytes);
  publish(4);
  const auto events = picky();
  ASSERT_TRUE(eventually([&] { return handled_.size() == 2 && letters() == 1; }));
  EXPECT_THAT(handled_.all(), ElementsAre(2, 4));
  const auto stored =
      row("stream, consumer, subject, message_id, length(traceparent), length(signature), bytes, reason, body");
  EXPECT_THAT(std::vector(stored.begin(), stored.begin() + 4), ElementsAre("MATCH", "session", "match.found", poison));
  EXPECT_EQ(stored[4], "55");
  EXPECT_EQ(stored[5], "86") << "the signature of an Ed25519 key as base64url";
  EXPECT_EQ(stored[6], std::to_string(bytes.size()));
  EXPECT_THAT(stored[7], StartsWith("cannot be decoded"));
  EXPECT_TRUE(stored[8] == hex_of(bytes)) << "the body differs";
  EXPECT_TRUE(eventually([&] { return unsettled() == 0; })) << "the event is terminated";
  EXPECT_EQ(leaderboard_.metric("mm_dead_letters_unresolved"), 1);
}

TEST_F(Storing, TheReasonNamesTheErrorOfTheHandler) {
  publish(1'001);
  const auto events = picky();
  ASSERT_TRUE(eventually([&] { return letters() == 1; }));
  const auto stored = row("reason, deliveries, subject");
  EXPECT_EQ(stored[0], "the handler failed 5 times: a bug");
  EXPECT_EQ(stored[1], "5");
  EXPECT_EQ(stored[2], "match.found");
}

TEST_F(Storing, WhileTheDatabaseIsAwayGoodEventsFlowAndThePoisonStaysInTheStream) {
  postgres().kill();
  const auto events = picky();
  for (int number = 1; number <= 40; ++number) publish(number);
  ASSERT_TRUE(eventually([&] { return handled_.size() == 20; }, Milliseconds{5'000}));
  EXPECT_GE(unsettled(), 1U);
  postgres().restart();
  EXPECT_TRUE(eventually([&] { return letters() == 20; }));
  EXPECT_TRUE(eventually([&] { return unsettled() == 0; }));
  EXPECT_EQ(handled_.size(), 20U) << "each good event once";
}

TEST_F(Storing, WhileNobodyStoresGoodEventsFlowAndThePoisonStaysInTheStream) {
  leaderboard_.stop();
  const auto events = picky();
  for (int number = 1; number <= 40; ++number) publish(number);
  ASSERT_TRUE(eventually([&] { return handled_.size() == 20; }, Milliseconds{5'000}));
  const Instance successor(nats(), postgres());
  EXPECT_TRUE(eventually([&] { return letters() == 20; }));
  EXPECT_TRUE(eventually([&] { return unsettled() == 0; }));
}

// A daemon that is killed between the storing and the termination of an event gets the event again.
TEST_F(Storing, AKillBetweenStoringAndTerminatingLeavesOneLetter) {
  leaderboard_.stop();  // this test stores the letters itself, so that it knows the moment
  const rights::StreamConsumer hasty{streams::kMatch, "profile", "profile", "match.completed", 0, Milliseconds{500}};
  ASSERT_TRUE(bus::set_up_streams(*bus_, std::span(&hasty, 1), soon(30'000)));
  const testing::OwnRedis cache(testing::OwnRedis::Instance::cache);
  std::unique_ptr<testing::DaemonProcess> profile;
  const auto start_profile = [&] {
    profile = std::make_unique<testing::DaemonProcess>(
        "profile",
        std::vector<std::string>{"MM_NATS_URL=" + nats().url(), "MM_POSTGRES_URL=" + postgres().url_as("profile"),
                                 "MM_REDIS_CACHE_URL=" + cache.url_as("profile")});
  };
  storage::Postgres database(options_of_leaderboard());
  Store store(database);
  metrics::Registry metrics;
  const auto own_bus = testing::connect(nats(), metrics, "leaderboard");
  std::atomic<int> stored{0};
  std::atomic<int> answered{0};
  bus::Server server(*own_bus, {.name = "leaderboard"}, metrics);
  server.serve_at<StoreDeadLetter>("profile", [&](const StoreDeadLetter& letter, const bus::Context&) -> Reply<Empty> {
    EXPECT_TRUE(store.add(letter, "{", soon(20'000)).ok());
    if (stored++ == 0) profile->kill();
    ++answered;
    return Empty{};
  });
  server.start();
  start_profile();
  ASSERT_TRUE(bus_->store("match.completed", "{", "poison", {}, soon()).ok());
  ASSERT_TRUE(eventually([&] { return answered == 1; }));
  EXPECT_EQ(letters(), 1);
  start_profile();
  EXPECT_TRUE(eventually([&] { return answered == 2; }, Milliseconds{60'000})) << "the event is delivered again";
  EXPECT_EQ(letters(), 1);
  ASSERT_TRUE(bus::set_up_streams(*bus_, rights::kConsumers, soon(30'000)));
}

TEST_F(Storing, AFullTableKeepsFurtherPoisonInTheStreamUntilThereIsRoom) {
  database().rows(
      "INSERT INTO ops.dead_letter (stream, consumer, sequence, stored_at, subject, message_id, traceparent, "
      "signature, "
      "body, deliveries, reason) SELECT 'MATCH', 'lobby', n, now(), 'match.found', '', '', '', '', 5, 'test' "
      "FROM generate_series(1, " +
      std::to_string(Limits{}.letters) + ") AS n");
  publish(3);
  publish(4);
  const auto events = picky();
  ASSERT_TRUE(eventually([&] { return leaderboard_.metric("mm_dead_letters_total{outcome=\"refused\"}") >= 1; }));
  EXPECT_TRUE(eventually([&] { return handled_.size() == 1; }));
  EXPECT_EQ(letters("consumer = 'session'"), 0);
  database().rows("UPDATE ops.dead_letter SET outcome = 'discarded', resolved_at = now()");
  EXPECT_TRUE(eventually([&] { return letters("consumer = 'session'") == 1; }));
}

TEST_F(Storing, TheSizeOfAllLettersIsLimited) {
  storage::Postgres database(options_of_leaderboard());
  Store store(database, {.letters = 3, .bytes = 10});
  StoreDeadLetter letter;
  letter.stream = "MATCH";
  letter.consumer = "session";
  letter.reason = "test";
  letter.event.subject = "match.found";
  const auto add = [&](std::uint64_t sequence, const std::string& body) {
    letter.event.sequence = sequence;
    const auto stored = store.add(letter, body, soon());
    EXPECT_TRUE(stored.ok());
    return stored.value_or(Stored::earlier);
  };
  EXPECT_EQ(add(1, "123456"), Stored::now);
  EXPECT_EQ(add(2, "12345"), Stored::no_room);
  EXPECT_EQ(add(3, "1234"), Stored::now);
  EXPECT_EQ(add(1, "123456"), Stored::earlier) << "a letter that is stored needs no room";
  EXPECT_EQ(add(4, ""), Stored::now);
  EXPECT_EQ(add(5, ""), Stored::no_room);
}

TEST_F(Storing, ResolvedLettersAreDeletedWhenTheyAreOldOrMany) {
  const auto add = [&](int count, const char* resolved_at) {
    database().rows(
        "INSERT INTO ops.dead_letter (stream, consumer, sequence, stored_at, subject, message_id, traceparent, "
        "signature, body, deliveries, reason, outcome, resolved_at) SELECT 'MATCH', 'lobby', n, clock_timestamp(), "
        "'match.found', '', '', '', '', 5, 'test', 'handled', " +
        std::string(resolved_at) + " FROM generate_series(1, " + std::to_string(count) + ") AS n");
  };
  publish(3);
  const auto events = picky();
  ASSERT_TRUE(eventually([&] { return letters() == 1; }));
  add(10, "now() - interval '8 days'");
  add(kMaxResolved + 50, "now() - n * interval '1 second'");
  EXPECT_TRUE(eventually([&] { return letters() == kMaxResolved + 1; }, Milliseconds{60'000}));
  EXPECT_EQ(letters("resolved_at IS NULL"), 1) << "unresolved letters are kept";
}

TEST_F(Storing, ADaemonCannotStoreALetterOfAnothersConsumer) {
  StoreDeadLetter letter;
  letter.stream = "MATCH";
  letter.consumer = "profile";
  letter.reason = "none";
  letter.event.subject = "match.completed";
  const auto to_own_address = [&](const char* daemon) {
    return session_->request(addressed(StoreDeadLetter::kSubject, daemon), wire::encode(letter), {}, soon(1'000));
  };
  EXPECT_EQ(to_own_address("session").error().code, Code::forbidden);
  EXPECT_FALSE(to_own_address("profile").ok());
  EXPECT_THAT(testing::OwnNats::take_errors(), ElementsAre(HasSubstr("leaderboard.dead_letter.profile")));
  EXPECT_EQ(letters(), 0);
}

TEST_F(Storing, TheRoleOfLeaderboardCannotReadOrChangeALetter) {
  publish(3);
  const auto events = picky();
  ASSERT_TRUE(eventually([&] { return letters() == 1; }));
  storage::Postgres database(options_of_leaderboard());
  const auto run = [&](const std::string& sql) {
    return database.transaction(soon(), [&](pqxx::work& tx) { return tx.exec(sql).affected_rows(); });
  };
  for (const char* forbidden :
       {"SELECT body FROM ops.dead_letter", "SELECT * FROM ops.dead_letter", "SELECT reason FROM ops.dead_letter",
        "UPDATE ops.dead_letter SET outcome = 'discarded', resolved_at = now()", "TRUNCATE ops.dead_letter"}) {
    EXPECT_FALSE(run(forbidden).ok()) << forbidden;
  }
  EXPECT_EQ(run("DELETE FROM ops.dead_letter").value_or(9), 0U) << "unresolved letters cannot be deleted";
  EXPECT_EQ(letters(), 1);
}

}  // namespace
}  // namespace mm::leaderboard::dead_letters
