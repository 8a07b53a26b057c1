// Tests of transactions with a real server: values, errors, retries, deadlines and the pool.
#include "common/storage/postgres.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/testing/servers.h"
#include "common/testing/wait.h"

namespace mm::storage {
namespace {

using Kind = DatabaseError::Kind;

constexpr Statement kAdd{"add", "SELECT $1::int + $2::int"};

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

PostgresOptions options_for(const testing::OwnServer& server, int connections = 4) {
  PostgresOptions options;
  options.url = server.url();
  options.application = "test";
  options.connections = connections;
  // Long, so that they are not reached on a loaded machine. Tests of these limits set their own.
  options.statement_timeout = Milliseconds{30'000};
  options.lock_timeout = Milliseconds{30'000};
  return options;
}

/// A barrier for a number of threads, with a timeout, because one of them may have failed.
class Meeting {
 public:
  explicit Meeting(int expected) : missing_(expected) {}
  void arrive_and_wait() {
    --missing_;
    EXPECT_TRUE(testing::eventually([this] { return missing_ <= 0; }, Milliseconds{8'000}))
        << "a thread did not reach the barrier";
  }

 private:
  std::atomic<int> missing_;
};

/// A flag that another thread waits for, with a timeout.
class Signal {
 public:
  void give() { given_ = true; }
  void wait() const {
    EXPECT_TRUE(testing::eventually([this] { return given_.load(); })) << "the flag was not set";
  }

 private:
  std::atomic<bool> given_{false};
};

class PostgresTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<testing::OwnPostgres>(std::vector<std::string>{"deadlock_timeout=50ms"});
    Postgres postgres(options_for(*server_));
    ASSERT_TRUE(postgres.transaction(soon(), [](pqxx::work& tx) {
      tx.exec0(
          "CREATE TABLE account (id int CONSTRAINT account_id_key UNIQUE, email text"
          " CONSTRAINT account_email_key UNIQUE, wins int NOT NULL DEFAULT 0)");
    }));
  }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    ASSERT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec0("TRUNCATE account"); }));
  }

  DatabaseResult<Done> insert(int id, const std::string& email) {
    return postgres_.transaction(
        soon(), [&](pqxx::work& tx) { tx.exec_params0("INSERT INTO account (id, email) VALUES ($1, $2)", id, email); });
  }
  int wins_of(int id) {
    const auto wins = postgres_.transaction(soon(), [&](pqxx::work& tx) {
      return tx.exec_params1("SELECT wins FROM account WHERE id = $1", id)[0].as<int>();
    });
    return wins ? *wins : -1;
  }
  int accounts() {
    return *postgres_.transaction(soon(),
                                  [](pqxx::work& tx) { return tx.exec1("SELECT count(*) FROM account")[0].as<int>(); });
  }

  static std::unique_ptr<testing::OwnPostgres> server_;
  Postgres postgres_{options_for(*server_)};
};

std::unique_ptr<testing::OwnPostgres> PostgresTest::server_;

TEST_F(PostgresTest, GivesBackWhatTheWorkReturns) {
  const auto sum = postgres_.transaction(soon(), [](pqxx::work& tx) { return kAdd(tx, 40, 2)[0][0].as<int>(); });
  ASSERT_TRUE(sum) << sum.error().text;
  EXPECT_EQ(*sum, 42);
  const DatabaseResult<Done> nothing = postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec1("SELECT 1"); });
  EXPECT_TRUE(nothing);
}

TEST_F(PostgresTest, PreparesAStatementOncePerConnection) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) { kAdd(tx, 1, 2); }));
  }
  // A statement that was prepared in a failed transaction can be used again.
  EXPECT_FALSE(postgres_.transaction(soon(), [](pqxx::work& tx) {
    constexpr Statement kLate{"late", "SELECT $1::int"};
    kLate(tx, 1);
    tx.exec("SELECT 1/0");
  }));
  EXPECT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) {
    constexpr Statement kLate{"late", "SELECT $1::int"};
    kLate(tx, 1);
  }));
}

TEST_F(PostgresTest, TakesHostileTextAsData) {
  const std::string hostile = "'; DROP TABLE account; -- $1 \\ % _ \xF0\x9F\x8E\xB2";
  ASSERT_TRUE(insert(1, hostile));
  const auto email = postgres_.transaction(
      soon(), [](pqxx::work& tx) { return tx.exec1("SELECT email FROM account")[0].as<std::string>(); });
  EXPECT_EQ(*email, hostile);
}

TEST_F(PostgresTest, RollsBackWhatThrows) {
  const auto failed = postgres_.transaction(soon(), [](pqxx::work& tx) {
    tx.exec0("INSERT INTO account (id) VALUES (1)");
    throw std::runtime_error("a bug");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Kind::statement);
  EXPECT_EQ(failed.error().text, "a bug");
  EXPECT_EQ(accounts(), 0);
}

TEST_F(PostgresTest, NamesTheConstraintButNotTheValueOfAConflict) {
  ASSERT_TRUE(insert(1, "ann@example.org"));
  const auto refused = insert(2, "ann@example.org");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::conflict);
  EXPECT_EQ(refused.error().constraint, "account_email_key");
  EXPECT_EQ(refused.error().text.find("example.org"), std::string::npos) << refused.error().text;
  EXPECT_EQ(insert(1, "bob@example.org").error().constraint, "account_id_key");
}

TEST_F(PostgresTest, CallsABugInSqlOrInReadingABug) {
  const auto wrong_sql = postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec("SELEC 1"); });
  ASSERT_FALSE(wrong_sql);
  EXPECT_EQ(wrong_sql.error().kind, Kind::statement);
  EXPECT_EQ(to_problem(wrong_sql.error()).status(), 500);
  const auto no_row =
      postgres_.transaction(soon(), [](pqxx::work& tx) { return tx.exec1("SELECT 1 WHERE false")[0].as<int>(); });
  ASSERT_FALSE(no_row);
  EXPECT_EQ(no_row.error().kind, Kind::statement);
  EXPECT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec1("SELECT 1"); })) << "the connection is fine";
}

TEST_F(PostgresTest, RetriesSerializationFailures) {
  ASSERT_TRUE(insert(1, ""));
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::atomic<int> done{0};
  std::atomic<int> runs{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        const auto won = postgres_.transaction(soon(), [&](pqxx::work& tx) {
          ++runs;
          tx.exec0("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
          const auto wins = tx.exec1("SELECT wins FROM account WHERE id = 1")[0].as<int>();
          tx.exec_params0("UPDATE account SET wins = $1 WHERE id = 1", wins + 1);
        });
        if (won) {
          ++done;
        } else {
          EXPECT_EQ(won.error().kind, Kind::unavailable) << won.error().text;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wins_of(1), done.load());
  EXPECT_GT(done.load(), 0);
  EXPECT_GE(runs.load(), done.load());
}

TEST_F(PostgresTest, RetriesADeadlock) {
  ASSERT_TRUE(insert(1, "a"));
  ASSERT_TRUE(insert(2, "b"));
  Meeting both(2);
  std::atomic<int> runs{0};
  const auto win_both = [&](int first, int second) {
    bool met = false;
    return postgres_.transaction(soon(), [&, first, second](pqxx::work& tx) {
      ++runs;
      tx.exec_params0("UPDATE account SET wins = wins + 1 WHERE id = $1", first);
      if (!std::exchange(met, true)) both.arrive_and_wait();
      tx.exec_params0("UPDATE account SET wins = wins + 1 WHERE id = $1", second);
    });
  };
  std::thread other([&] { EXPECT_TRUE(win_both(2, 1)); });
  EXPECT_TRUE(win_both(1, 2));
  other.join();
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(wins_of(1), 2);
  EXPECT_EQ(wins_of(2), 2);
}

TEST_F(PostgresTest, CutsAStatementAtTheDeadline) {
  const auto deadline = Deadline::after(Milliseconds{100});
  const auto cut = postgres_.transaction(deadline, [](pqxx::work& tx) { tx.exec1("SELECT pg_sleep(1.5)"); });
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, Kind::unavailable);
  EXPECT_TRUE(deadline.passed());
  EXPECT_TRUE(insert(1, ""));
}

}  // namespace
}  // namespace mm::storage
