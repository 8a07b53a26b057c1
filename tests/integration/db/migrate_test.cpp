// Tests of db/migrate: it applies migrations in order, each completely or not at all, and refuses inconsistent ones.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "common/testing/child.h"
#include "common/testing/servers.h"

namespace mm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  int status = 0;
  std::string output;
};

Outcome run(ChildCommand command, const std::string& output) {
  fs::remove(output);
  command.output = output;
  Outcome outcome;
  outcome.status = wait_for_end(start_child(command));
  outcome.output = tail(output);
  return outcome;
}

// Each test has a database and a folder of migrations of its own.
class Migrate : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<OwnPostgres>(); }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("mm-migrate-" + std::to_string(server_->port()) + "-" + name());
    fs::create_directories(folder_ / "migrations");
    ASSERT_EQ(psql(server_url(), "CREATE DATABASE \"" + name() + "\" TEMPLATE template0").status, 0);
    url_ = url_of(name());
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  /// The URL without the password, which is in the environment.
  static std::string url_of(const std::string& database) {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(server_->port()) + "/" + database;
  }
  static std::string server_url() { return url_of("matchmaker"); }
  static std::string password() { return "PGPASSWORD=" + secret("postgres_superuser"); }

  Outcome psql(const std::string& url, const std::string& sql) {
    ChildCommand command;
    command.arguments = {"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql};
    command.environment = {password()};
    return run(command, folder_ / "psql");
  }
  std::string query(const std::string& sql) { return psql(url_, sql).output; }

  void write(const std::string& file, const std::string& sql) { std::ofstream(folder_ / "migrations" / file) << sql; }

  Outcome migrate(std::vector<std::string> arguments, const std::string& output = "out") {
    ChildCommand command;
    command.arguments = {"db/migrate"};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.environment = {"MM_MIGRATIONS_DIR=" + (folder_ / "migrations").string(), password()};
    command.folder = source_folder();
    return run(command, folder_ / output);
  }
  Outcome migrate() { return migrate({url_}); }

  static std::string source_folder() {
    const char* folder = getenv("MM_TEST_SOURCE_DIR");
    return folder != nullptr ? folder : fs::current_path().string();
  }

  static inline std::unique_ptr<OwnPostgres> server_;
  fs::path folder_;
  std::string url_;
};

TEST_F(Migrate, AppliesInOrderAndOnlyOnce) {
  write("0001_first.sql", "CREATE TABLE t (i int);");
  write("0002_second.sql", "INSERT INTO t VALUES (1);");
  const auto first = migrate();
  EXPECT_EQ(first.status, 0);
  EXPECT_EQ(first.output, "applied 0001_first\napplied 0002_second\n");
  const auto second = migrate();
  EXPECT_EQ(second.status, 0);
  EXPECT_EQ(second.output, "nothing to do: 2 migrations are applied\n");
  write("0100_third.sql", "INSERT INTO t VALUES (2);");
  EXPECT_EQ(migrate().output, "applied 0100_third\n");
  EXPECT_EQ(query("SELECT count(*) FROM t"), "2\n");
  EXPECT_EQ(query("SELECT version || ' ' || name FROM meta.migration ORDER BY 1"),
            "1 0001_first\n100 0100_third\n2 0002_second\n");
}

TEST_F(Migrate, RollsBackAMigrationThatFailsAndGoesOnWhenItIsMended) {
  write("0001_first.sql", "CREATE TABLE t (i int);");
  write("0002_broken.sql", "INSERT INTO t VALUES (1); SELECT 1/0;");
  const auto failed = migrate();
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.output, HasSubstr("applied 0001_first\n"));
  EXPECT_THAT(failed.output, HasSubstr("division by zero"));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0\n");
  write("0002_broken.sql", "INSERT INTO t VALUES (2);");
  EXPECT_EQ(migrate().output, "applied 0002_broken\n");
  EXPECT_EQ(query("SELECT i FROM t"), "2\n");
}

TEST_F(Migrate, RefusesAFileThatChangedAfterItWasApplied) {
  write("0001_first.sql", "CREATE TABLE t (i int);");
  ASSERT_EQ(migrate().status, 0);
  write("0001_first.sql", "CREATE TABLE t (i bigint);");
  write("0002_second.sql", "DROP TABLE t;");
  const auto refused = migrate();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("0001_first was changed after it was applied"));
  EXPECT_THAT(refused.output, Not(HasSubstr("applied 0002_second")));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0\n");
}

TEST_F(Migrate, RefusesGapsAndWhatComesTooLate) {
  write("0001_first.sql", "");
  write("0003_third.sql", "");
  EXPECT_THAT(migrate().output, HasSubstr("gap before 0003_third.sql"));
  fs::remove(folder_ / "migrations" / "0003_third.sql");
  write("0101_x.sql", "");
  EXPECT_THAT(migrate().output, HasSubstr("gap before 0101_x.sql"));
  write("0100_w.sql", "");
  EXPECT_EQ(migrate().status, 0);
  fs::remove(folder_ / "migrations" / "0101_x.sql");
  const auto missing = migrate();
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.output, HasSubstr("0101_x was applied, but its file is missing"));
  write("0101_y.sql", "");
  EXPECT_THAT(migrate().output, HasSubstr("was changed after it was applied"));
}

TEST_F(Migrate, RefusesNamesAndStatementsItCannotKeepWhole) {
  write("1_first.sql", "");
  EXPECT_THAT(migrate().output, HasSubstr("1_first.sql is not named NNNN_name.sql"));
  fs::remove(folder_ / "migrations" / "1_first.sql");
  write("0001_first.sql", "");
  write("0001_other.sql", "");
  EXPECT_THAT(migrate().output, HasSubstr("two migrations have the number of 0001_other.sql"));
  fs::remove(folder_ / "migrations" / "0001_other.sql");
  write("0001_first.sql", "CREATE TABLE t (i int);\nCOMMIT;\nSELECT 1/0;");
  const auto refused = migrate();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("has transaction statements"));
  EXPECT_THAT(query("SELECT * FROM t"), HasSubstr("does not exist"));
}

TEST_F(Migrate, TwoAtOnceApplyEachMigrationOnce) {
  for (int i = 1; i <= 5; ++i) {
    write("000" + std::to_string(i) + "_step.sql",
          i == 1 ? "CREATE TABLE t (i int);" : "INSERT INTO t VALUES (" + std::to_string(i) + ");");
  }
  auto other = std::async(std::launch::async, [this] { return migrate({url_}, "other"); });
  const auto one = migrate();
  const auto two = other.get();
  EXPECT_EQ(one.status, 0) << one.output;
  EXPECT_EQ(two.status, 0) << two.output;
  EXPECT_THAT(one.output + two.output, HasSubstr("nothing to do: 5 migrations are applied"));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "4\n");
}

TEST_F(Migrate, SaysWhatIsAppliedAndWhatIsNot) {
  write("0001_first.sql", "");
  EXPECT_EQ(migrate({"--status", url_}).output, "0001_first  pending\n");
  ASSERT_EQ(migrate().status, 0);
  write("0002_second.sql", "");
  const auto status = migrate({"--status", url_});
  EXPECT_EQ(status.status, 0);
  EXPECT_THAT(status.output, HasSubstr("0001_first  applied 20"));
  EXPECT_THAT(status.output, HasSubstr("0002_second  pending"));
  EXPECT_EQ(query("SELECT count(*) FROM meta.migration"), "1\n");
}

TEST_F(Migrate, RefusesAPasswordInTheUrlWithoutRepeatingIt) {
  write("0001_first.sql", "");
  const auto refused = migrate({"postgresql://postgres:hunter2@127.0.0.1/matchmaker"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("PGPASSFILE"));
  EXPECT_THAT(refused.output, Not(HasSubstr("hunter2")));
}

TEST_F(Migrate, FailsWhenThereIsNoServerOrNoUrl) {
  write("0001_first.sql", "");
  const ReservedPort nobody;
  EXPECT_EQ(migrate({"postgresql://postgres@127.0.0.1:" + std::to_string(nobody.number()) + "/x"}).status, 1);
  EXPECT_THAT(migrate({}).output, HasSubstr("usage:"));
}

TEST_F(Migrate, WhatIsShippedIsAppliedAndComplete) {
  ChildCommand command;
  command.arguments = {"db/migrate", server_url()};
  command.environment = {password()};
  command.folder = source_folder();
  const auto again = run(command, folder_ / "out");
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.output, HasSubstr("nothing to do"));
  EXPECT_EQ(psql(server_url(), "SELECT count(*) FROM session.queue_generation").output, "0\n");
  // The role of each service may use its own schema and no other; leaderboard's also that of the dead letters.
  EXPECT_EQ(psql(server_url(),
                 "SELECT r.rolname, n.nspname FROM pg_roles r, pg_namespace n WHERE r.rolname LIKE 'mm\\_%'"
                 " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
                 " AND has_schema_privilege(r.oid, n.oid, 'USAGE') <> (r.rolname = 'mm_' || n.nspname OR (r.rolname, "
                 "n.nspname) = ('mm_leaderboard', 'ops'))")
                .output,
            "");
  EXPECT_EQ(psql(server_url(),
                 "SELECT rolname FROM pg_roles WHERE rolname LIKE 'mm\\_%'"
                 " AND (NOT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)")
                .output,
            "");
}

}  // namespace
}  // namespace mm::testing
