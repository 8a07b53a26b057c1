// The fixture of the tests of dead letters: a nats-server, a PostgreSQL, the real leaderboard, which stores the
// letters, and a consumer of session in the test's process, whose handler the test decides.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/testing/daemon.h"
#include "services/leaderboard/service.h"
#include "tests/integration/bus/messages.h"

namespace mm::leaderboard::dead_letters {

using bus::Ack;
using bus::Consumer;
using bus::Found;
using bus::Numbers;
using bus::soon;
using testing::eventually;

/// One running leaderboard.
class Instance : public testing::Daemon<Service> {
 public:
  Instance(const testing::OwnNats& nats, const testing::OwnPostgres& postgres);
};

class DeadLetterTest : public ::testing::Test {
 protected:
  using Handler = std::function<Ack(const Found&)>;

  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  static testing::OwnNats& nats() { return *nats_; }
  static testing::OwnPostgres& postgres() { return *postgres_; }

  /// A started consumer of session's events. It handles match.found.
  std::unique_ptr<Consumer> consumer(Handler handler);

  /// Stores match.found with this number, or with any body, under a new message id, which is returned.
  std::string publish(int number);
  std::string publish_raw(std::string_view body);

  testing::Database::Row row(const std::string& columns) {
    const auto rows = database().rows("SELECT " + columns + " FROM ops.dead_letter ORDER BY letter_id");
    EXPECT_EQ(rows.size(), 1U);
    return rows.empty() ? testing::Database::Row(9) : rows.front();
  }
  std::int64_t letters(const std::string& condition = "true") {
    return database().number("SELECT count(*) FROM ops.dead_letter WHERE " + condition);
  }
  testing::Database& database() { return database_; }
  /// The number of events that session's consumer has not settled.
  std::uint64_t unsettled();

  struct Run {
    int status = 0;
    std::string output;
  };
  /// Runs mm-dead-letters with these words as the operator.
  Run command(const std::vector<std::string_view>& words);

  metrics::Registry metrics_;
  metrics::Registry session_metrics_;
  std::unique_ptr<bus::Bus> bus_ = testing::connect(nats(), metrics_);
  std::unique_ptr<bus::Bus> session_ = testing::connect(nats(), session_metrics_, "session");
  testing::Database database_{postgres()};
  Instance leaderboard_{nats(), postgres()};
  Numbers handled_;

 private:
  static inline std::unique_ptr<testing::OwnNats> nats_;
  static inline std::unique_ptr<testing::OwnPostgres> postgres_;
};

}  // namespace mm::leaderboard::dead_letters
