// Tests of the PostgreSQL client while the server is killed, frozen or restarted: calls fail by their deadline, and the
// client recovers by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include "common/storage/postgres.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"

namespace mm::storage {
namespace {

using Kind = DatabaseError::Kind;

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

PostgresOptions options_for(const std::string& url) {
  PostgresOptions options;
  options.url = url;
  options.statement_timeout = Milliseconds{30'000};
  return options;
}

DatabaseResult<Done> run_query(Postgres& postgres, Deadline deadline) {
  return postgres.transaction(deadline, [](pqxx::work& tx) { tx.exec1("SELECT 1"); });
}

class PostgresOutage : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec0("CREATE TABLE fact (id int PRIMARY KEY)"); }));
  }
  bool works_again() {
    return testing::eventually([this] { return run_query(postgres_, soon()).ok(); });
  }
  DatabaseResult<Done> store(int id, Deadline deadline) {
    return postgres_.transaction(
        deadline, [id](pqxx::work& tx) { tx.exec_params0("INSERT INTO fact VALUES ($1) ON CONFLICT DO NOTHING", id); });
  }
  int facts() {
    return *postgres_.transaction(soon(),
                                  [](pqxx::work& tx) { return tx.exec1("SELECT count(*) FROM fact")[0].as<int>(); });
  }

  testing::OwnPostgres server_;
  Postgres postgres_{options_for(server_.url())};
};

TEST_F(PostgresOutage, KeepsWhatWasAcknowledgedThroughAKill) {
  ASSERT_TRUE(store(1, soon()));
  server_.kill();
  const auto refused = store(2, soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::unavailable);
  EXPECT_TRUE(testing::eventually([this] { return !postgres_.reachable(); }));
  server_.restart();
  ASSERT_TRUE(works_again());
  EXPECT_TRUE(testing::eventually([this] { return postgres_.reachable(); }));
  EXPECT_EQ(facts(), 1);
}

TEST_F(PostgresOutage, AFrozenServerCostsTheDeadline) {
  ASSERT_TRUE(run_query(postgres_, soon()));
  server_.freeze();
  // More calls than connections, so that new connections are tried as well.
  for (int i = 0; i < 6; ++i) {
    const auto refused = run_query(postgres_, Deadline::after(Milliseconds{100}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::unavailable);
  }
  server_.thaw();
  EXPECT_TRUE(works_again());
}

TEST_F(PostgresOutage, ManyCallersOfAFrozenServerAllGetAnError) {
  ASSERT_TRUE(run_query(postgres_, soon()));
  server_.freeze();
  std::atomic<int> errors{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 3; ++n) errors += run_query(postgres_, Deadline::after(Milliseconds{150})).ok() ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(errors, 36);
  server_.thaw();
  EXPECT_TRUE(works_again());
}

TEST_F(PostgresOutage, CallersGoOnThroughRestartsByTrying) {
  std::atomic<bool> ending{false};
  std::atomic<int> next{0};
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      while (!ending) {
        if (store(++next, Deadline::after(Milliseconds{1'000}))) ++acknowledged;
      }
    });
  }
  for (int round = 0; round < 2; ++round) {
    const int before = acknowledged;
    EXPECT_TRUE(testing::eventually([&] { return acknowledged > before + 20; }));
    server_.restart();
  }
  const int before = acknowledged;
  EXPECT_TRUE(testing::eventually([&] { return acknowledged > before + 20; }));
  ending = true;
  for (auto& writer : writers) writer.join();
  EXPECT_GE(facts(), acknowledged.load());
}

// For each abandoned attempt to connect, the server must start and end a backend before it serves others.
TEST(PostgresFrozen, IsProbedByOneConnectionThatIsKept) {
  testing::OwnPostgres server({"log_connections=on"});
  Postgres postgres(options_for(server.url()));
  const auto attempts = [&] {
    std::ifstream file(server.log());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    int count = 0;
    for (auto at = text.find("connection received"); at != text.npos; at = text.find("connection received", at + 1))
      ++count;
    return count;
  };
  ASSERT_TRUE(run_query(postgres, soon()));
  const int before = attempts();
  server.freeze();
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(run_query(postgres, Deadline::after(Milliseconds{120})));
  EXPECT_TRUE(testing::eventually([&] { return !postgres.reachable(); }));
  server.thaw();
  // The connection that is being made serves the first caller.
  EXPECT_TRUE(testing::eventually([&] { return run_query(postgres, soon()).ok(); }));
  EXPECT_TRUE(testing::eventually([&] { return postgres.reachable(); }));
  EXPECT_LE(attempts() - before, 4);
}

TEST(PostgresAway, IsAnErrorNotAWait) {
  const testing::ReservedPort nobody;
  auto options = options_for("postgresql://mm_profile@127.0.0.1:" + std::to_string(nobody.number()) + "/matchmaker");
  options.password = "correct horse";
  Postgres postgres(options);
  const auto deadline = Deadline::after(Milliseconds{60'000});
  for (int i = 0; i < 5; ++i) {
    const auto refused = run_query(postgres, deadline);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::unavailable);
    EXPECT_EQ(refused.error().text.find("correct"), std::string::npos);
  }
  EXPECT_FALSE(deadline.passed());
  EXPECT_FALSE(postgres.reachable());
}

TEST(PostgresAway, AUrlThatIsNoneIsAnError) {
  Postgres postgres(options_for("postgres at localhost"));
  const auto refused = run_query(postgres, soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::unavailable);
}

TEST(PostgresDurability, NamesTheSettingsThatCouldLoseWrites) {
  testing::OwnPostgres durable;
  EXPECT_EQ(Postgres(options_for(durable.url())).weakness(soon()).value_or("no answer"), "");
  testing::OwnPostgres weak({"fsync=off", "synchronous_commit=off"});
  const auto weakness = Postgres(options_for(weak.url())).weakness(soon());
  ASSERT_TRUE(weakness);
  EXPECT_NE(weakness->find("fsync, synchronous_commit off"), std::string::npos) << *weakness;
}

TEST(PostgresUrl, IsCheckedWithoutConnecting) {
  EXPECT_TRUE(check_postgres_url("postgresql://mm_session@127.0.0.1:5432/matchmaker"));
  EXPECT_FALSE(check_postgres_url("postgres at localhost"));
}

}  // namespace
}  // namespace mm::storage
