// Tests of the rights of the services' roles in the deployed PostgreSQL, and of its log, which must not have values.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "common/storage/postgres.h"
#include "common/testing/daemon_table.h"
#include "common/testing/servers.h"

namespace mm::storage {
namespace {

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

class PostgresRole : public ::testing::TestWithParam<std::string> {
 protected:
  static testing::OwnPostgres& server() {
    static testing::OwnPostgres server;
    return server;
  }
  static Postgres as_role(const std::string& database = "matchmaker") {
    const auto& service = GetParam();
    PostgresOptions options;
    options.url = server().url_as(service);
    options.url.replace(options.url.rfind('/') + 1, std::string::npos, database);
    options.password = testing::OwnPostgres::password_of(service);
    return Postgres(options);
  }
  static DatabaseResult<Done> run(Postgres& postgres, const std::string& sql) {
    return postgres.transaction(soon(), [&](pqxx::work& tx) { tx.exec(sql); });
  }
};

struct OwnTable {
  const char* service;
  const char* table;
};
constexpr OwnTable kTables[] = {{"profile", "profile.account"},
                                {"session", "session.match"},
                                {"orchestrator", "orchestrator.allocation"},
                                {"leaderboard", "leaderboard.applied"}};

TEST_P(PostgresRole, MayReadItsOwnTablesAndNobodyElses) {
  auto postgres = as_role();
  for (const auto& own : kTables) {
    const auto read = run(postgres, std::string("SELECT count(*) FROM ") + own.table);
    EXPECT_EQ(read.ok(), own.service == GetParam()) << own.table;
  }
}

TEST_P(PostgresRole, MakesNothingAndBecomesNobody) {
  auto postgres = as_role();
  for (const auto* forbidden :
       {"CREATE TABLE t (i int)", "CREATE TEMPORARY TABLE t (i int)", "CREATE SCHEMA s", "CREATE DATABASE d",
        "CREATE ROLE r", "SELECT * FROM meta.migration", "COPY (SELECT 1) TO PROGRAM 'true'", "SET ROLE postgres",
        "SELECT lo_create(0)", "SELECT lo_creat(-1)", "SELECT lo_from_bytea(0, 'x')",
        "SELECT pg_read_file('PG_VERSION')", "SELECT passwd FROM pg_shadow", "ALTER SYSTEM SET fsync = off",
        "ALTER ROLE CURRENT_USER SET log_min_messages = debug5", "SET log_min_messages = debug5",
        "CREATE EXTENSION dblink"}) {
    EXPECT_FALSE(run(postgres, forbidden)) << forbidden;
  }
}

TEST_P(PostgresRole, ConnectsToItsDatabaseOnly) {
  auto own = as_role();
  EXPECT_TRUE(run(own, "SELECT 1"));
  for (const auto* database : {"postgres", "template1"}) {
    auto other = as_role(database);
    EXPECT_FALSE(run(other, "SELECT 1")) << database;
    // The privilege is missing as well, so another pg_hba.conf would not allow it either.
    const auto allowed = own.transaction(soon(), [&](pqxx::work& tx) {
      return tx.exec("SELECT has_database_privilege(current_user, '" + std::string(database) + "', 'CONNECT')")[0][0]
          .as<bool>();
    });
    ASSERT_TRUE(allowed);
    EXPECT_FALSE(*allowed) << database;
  }
}

TEST_P(PostgresRole, HasLimitsThatASessionWithoutItsOwnCannotExceed) {
  PostgresOptions options;
  options.url = server().url();
  Postgres superuser(options);
  const auto settings = superuser.transaction(soon(), [&](pqxx::work& tx) {
    return tx.exec("SELECT array_to_string(rolconfig, ' ') FROM pg_roles WHERE rolname = 'mm_" + GetParam() + "'")[0][0]
        .as<std::string>();
  });
  ASSERT_TRUE(settings);
  for (const auto* limit : {"statement_timeout=10s", "lock_timeout=5s", "idle_in_transaction_session_timeout=10s"}) {
    EXPECT_NE(settings->find(limit), std::string::npos) << *settings;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, PostgresRole, ::testing::ValuesIn(testing::daemons_with("postgres")));

class PostgresLog : public ::testing::Test {
 protected:
  std::string log() const {
    std::ifstream file(server_.log());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  testing::OwnPostgres server_;
};

TEST_F(PostgresLog, HoldsNoPersonalDataWhateverFails) {
  PostgresOptions options;
  options.url = server_.url_as("profile");
  options.password = server_.password_of("profile");
  Postgres profile(options);
  options.url = server_.url();
  options.password.clear();
  Postgres administrator(options);
  const std::string insert =
      "INSERT INTO profile.account (player_id, tenant, username, username_key, email, password_hash, region, "
      "created_at,"
      " updated_at) VALUES (gen_random_uuid(), $1, 'Name-In-Row', 'name-in-row', $2, 'hash-in-row', 'eu', now(), "
      "now())";
  const auto add = [&](Postgres& postgres, const std::string& sql) {
    return postgres.transaction(soon(), [&](pqxx::work& tx) {
      tx.exec_params(sql, std::string("default"), std::string("person@example.org"));
    });
  };
  ASSERT_TRUE(add(profile, insert));
  for (auto* postgres : {&profile, &administrator}) {
    EXPECT_EQ(add(*postgres, insert).error().kind, DatabaseError::Kind::conflict);
    EXPECT_FALSE(add(*postgres, "UPDATE profile.account SET region = NULL WHERE tenant = $1 AND email = $2"));
    EXPECT_FALSE(postgres->transaction(soon(), [&](pqxx::work& tx) {
      tx.exec("SELECT 1 / 0 FROM profile.account WHERE email = 'person@example.org' OR username = 'Name-In-Row'");
    }));
  }
  // The text of this error contains the value.
  EXPECT_FALSE(add(profile, "SELECT $1::text, $2::text::uuid"));
  const auto text = log();
  for (const auto* personal : {"person@example.org", "ame-In-Row", "hash-in-row"}) {
    EXPECT_EQ(text.find(personal), std::string::npos) << text;
  }
  EXPECT_NE(text.find("ready to accept connections"), std::string::npos) << "this is the log";
  EXPECT_NE(text.find("ERROR"), std::string::npos) << "errors of an administrator are logged";
}

}  // namespace
}  // namespace mm::storage
