// Tests of the outbox with a real PostgreSQL and a real JetStream: every committed event is published, also after an
// outage of one of the two, or after JetStream has lost its streams.
#include "common/bus/outbox.h"

#include <gmock/gmock.h>

#include <array>
#include <mutex>

#include "common/bus/consumer.h"
#include "common/bus/stream_setup.h"
#include "common/contracts/events.h"
#include "common/testing/connections.h"
#include "common/testing/event_recorder.h"

namespace mm::bus {
namespace {

using storage::Postgres;
using storage::PostgresOptions;
using testing::eventually;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

TicketClosed closed_ticket() {
  TicketClosed event;
  event.ticket_id = TicketId::fresh(SystemClock{}.now());
  event.tenant = default_tenant();
  event.players = {PlayerId::fresh(SystemClock{}.now())};
  return event;
}

Outbox::Event row_of(const TicketClosed& event, const std::string& message_id) {
  return {TicketClosed::kSubject.text, wire::encode(event), message_id, trace::current()};
}

// Records each publication of the event, duplicates too.
class Listener : public testing::EventRecorder {
 public:
  explicit Listener(Bus& bus) : EventRecorder(bus, {"ticket.*"}) {}
  std::vector<std::string> bodies() const { return EventRecorder::bodies(std::string(TicketClosed::kSubject.text)); }
  std::size_t count() const { return bodies().size(); }
};

class OutboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) {
      tx.exec0("CREATE SCHEMA shop");
      tx.exec0(
          "CREATE TABLE shop.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
          " message_id text NOT NULL UNIQUE, subject text NOT NULL, body text NOT NULL,"
          " traceparent text NOT NULL DEFAULT '', sent_under text, created_at timestamptz NOT NULL DEFAULT now())");
      tx.exec0("CREATE INDEX ON shop.outbox (id) WHERE sent_under IS NULL");
      tx.exec0("CREATE INDEX ON shop.outbox (created_at)");
    }));
  }

  static PostgresOptions options_for(const testing::OwnServer& server) {
    PostgresOptions options;
    options.url = server.url();
    options.statement_timeout = Milliseconds{30'000};
    return options;
  }

  std::unique_ptr<Outbox> outbox() { return std::make_unique<Outbox>(postgres_, *bus_, "shop", metrics_); }

  /// Adds `count` events, each in a transaction of its own, with the ticket's id as message id. Their bodies.
  std::vector<std::string> add(Outbox& box, int count) {
    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i) {
      const auto event = closed_ticket();
      const auto stored = postgres_.transaction(
          soon(), [&](pqxx::work& tx) { box.add(tx, {row_of(event, event.ticket_id.to_string())}); });
      EXPECT_TRUE(stored) << stored.error().text;
      bodies.push_back(wire::encode(event));
    }
    box.wake();
    return bodies;
  }

  int rows(const std::string& condition) {
    const auto count = postgres_.transaction(soon(), [&](pqxx::work& tx) {
      return tx.exec1("SELECT count(*) FROM shop.outbox WHERE " + condition)[0].as<int>();
    });
    return count ? *count : -1;
  }
  bool exposes(const std::string& line) const { return metrics_.expose().find(line + "\n") != std::string::npos; }
  bool all_sent() {
    return eventually([this] { return rows("sent_under IS NULL") == 0; });
  }

  testing::OwnNats nats_;
  testing::OwnPostgres server_;
  Postgres postgres_{options_for(server_)};
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = testing::connect(nats_, metrics_);
};

TEST_F(OutboxTest, PublishesWhatWasCommittedOnce) {
  const Listener listener(*bus_);
  const auto box = outbox();
  const auto bodies = add(*box, 3);
  ASSERT_TRUE(all_sent());
  EXPECT_TRUE(eventually([&] { return listener.count() == 3; }));
  EXPECT_EQ(listener.bodies(), bodies) << "in the order they were written";
  EXPECT_EQ(rows("sent_under <> '" + bus_->server_id() + "'"), 0);
  EXPECT_THAT(metrics_.expose(), HasSubstr("mm_outbox_published_total 3"));
}

TEST_F(OutboxTest, PublishesNothingThatWasRolledBack) {
  const Listener listener(*bus_);
  const auto box = outbox();
  const auto phantom = closed_ticket();
  EXPECT_FALSE(postgres_.transaction(soon(), [&](pqxx::work& tx) {
    box->add(tx, {row_of(phantom, "phantom")});
    tx.exec("SELECT 1/0");
  }));
  const auto bodies = add(*box, 1);
  ASSERT_TRUE(eventually([&] { return listener.count() == 1; }));
  EXPECT_EQ(listener.bodies(), bodies);
}

TEST_F(OutboxTest, IgnoresAMessageIdThatIsThereAlready) {
  const auto box = outbox();
  const auto event = closed_ticket();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(postgres_.transaction(soon(), [&](pqxx::work& tx) { box->add(tx, {row_of(event, "the same")}); }));
  }
  EXPECT_EQ(rows("true"), 1);
}

TEST_F(OutboxTest, CarriesTheTraceOfTheWorkThatWroteIt) {
  std::mutex mutex;
  std::string seen;
  const std::array wanted{rights::StreamConsumer{streams::kTicket, "trace", "test", streams::kTicket.subjects}};
  ASSERT_TRUE(set_up_streams(*bus_, wanted, soon()).ok());
  Consumer consumer(*bus_, streams::kTicket, {.name = "trace"}, metrics_);
  consumer.on<TicketClosed>([&](const TicketClosed&, const EventInfo&) {
    std::lock_guard lock(mutex);
    seen = trace::current().trace_id_text();
    return Ack::done;
  });
  consumer.start();
  const auto box = outbox();
  const auto trace = trace::new_trace();
  {
    const trace::Scope scope(trace);
    add(*box, 1);
  }
  EXPECT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return seen == trace.trace_id_text();
  }));
}

TEST_F(OutboxTest, TwoRelaysPublishEachEventOnce) {
  const Listener listener(*bus_);
  metrics::Registry other_metrics;
  Postgres other_postgres(options_for(server_));
  const auto first = outbox();
  Outbox second(other_postgres, *bus_, "shop", other_metrics);
  std::vector<std::string> bodies;
  for (int round = 0; round < 20; ++round) {
    const auto some = add(*first, 20);
    second.wake();
    bodies.insert(bodies.end(), some.begin(), some.end());
  }
  ASSERT_TRUE(all_sent());
  EXPECT_TRUE(eventually([&] { return listener.count() >= bodies.size(); }));
  EXPECT_THAT(listener.bodies(), UnorderedElementsAreArray(bodies));
}

TEST_F(OutboxTest, EventsWaitWhileNatsIsAway) {
  const auto box = outbox();
  nats_.kill();
  ASSERT_TRUE(eventually([&] { return !bus_->connected(); }));
  add(*box, 150);
  EXPECT_EQ(rows("sent_under IS NULL"), 150);
  nats_.restart();
  EXPECT_TRUE(all_sent());
  EXPECT_EQ(rows("sent_under = '" + bus_->server_id() + "'"), 150);
}

TEST_F(OutboxTest, EventsWaitWhileNatsIsFrozen) {
  const auto box = outbox();
  nats_.freeze();
  add(*box, 1);
  EXPECT_TRUE(
      eventually([&] { return metrics_.expose().find("mm_outbox_publish_failures_total 0") == std::string::npos; }));
  nats_.thaw();
  EXPECT_TRUE(all_sent());
}

TEST_F(OutboxTest, SendsAgainWhatJetStreamMayHaveLost) {
  const auto box = outbox();
  const auto bodies = add(*box, 120);
  ASSERT_TRUE(all_sent());
  const auto before = bus_->server_id();
  nats_.restart_without_state();
  ASSERT_TRUE(eventually([&] { return bus_->connected() && bus_->server_id() != before; }));
  const Listener listener(*bus_);
  EXPECT_TRUE(eventually([&] { return rows("sent_under = '" + before + "'") == 0; }));
  std::mutex mutex;
  std::vector<std::string> stored;
  const std::array wanted{rights::StreamConsumer{streams::kTicket, "again", "test", streams::kTicket.subjects}};
  ASSERT_TRUE(set_up_streams(*bus_, wanted, soon()).ok());
  Consumer consumer(*bus_, streams::kTicket, {.name = "again"}, metrics_);
  consumer.on<TicketClosed>([&](const TicketClosed& event, const EventInfo&) {
    std::lock_guard lock(mutex);
    stored.push_back(wire::encode(event));
    return Ack::done;
  });
  consumer.start();
  EXPECT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return stored.size() >= bodies.size();
  }));
  std::lock_guard lock(mutex);
  EXPECT_THAT(stored, UnorderedElementsAreArray(bodies)) << "the stream drops duplicates";
  EXPECT_TRUE(exposes("mm_recovery_lost_events_total 120")) << "an alarm: the stream had lost all of them";
  EXPECT_TRUE(exposes("mm_recovery_messages_total{kind=\"event_resent\"} 120"));
}

TEST_F(OutboxTest, ARestartThatLostNothingRaisesNoAlarm) {
  const auto box = outbox();
  add(*box, 20);
  ASSERT_TRUE(all_sent());
  const auto before = bus_->server_id();
  nats_.restart();
  ASSERT_TRUE(eventually([&] { return bus_->connected() && bus_->server_id() != before; }));
  EXPECT_TRUE(eventually([&] { return rows("sent_under = '" + before + "'") == 0; }));
  EXPECT_TRUE(eventually([&] { return exposes("mm_recovery_messages_total{kind=\"event_resent\"} 20"); }));
  EXPECT_TRUE(exposes("mm_recovery_lost_events_total 0"));
}

// Usually JetStream still has these events, so resending them must not delay new events.
TEST_F(OutboxTest, SendsAgainAtABoundedRateAndAfterWhatIsNew) {
  ASSERT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) {
    tx.exec0(
        "INSERT INTO shop.outbox (message_id, subject, body, sent_under)"
        " SELECT i::text, 'ticket.closed', '{}', 'another server' FROM generate_series(1, 1000) i");
  }));
  const auto started = std::chrono::steady_clock::now();
  const auto box = outbox();
  add(*box, 1);
  ASSERT_TRUE(all_sent());
  EXPECT_GT(rows("sent_under = 'another server'"), 500) << "the new event did not wait for the resent ones";
  EXPECT_TRUE(eventually([&] { return rows("sent_under = 'another server'") == 0; }, Milliseconds{60'000}));
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds{2'500}) << "about 300 a second";
}

// What a stream lost and nobody has handled yet is among the newest events.
TEST_F(OutboxTest, SendsTheNewestAgainFirst) {
  ASSERT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) {
    tx.exec0(
        "INSERT INTO shop.outbox (message_id, subject, body, sent_under)"
        " SELECT i::text, 'ticket.closed', '{}', 'another server' FROM generate_series(1, 1000) i");
  }));
  const auto box = outbox();
  ASSERT_TRUE(eventually([&] { return rows("sent_under <> 'another server'") >= 100; }));
  EXPECT_EQ(rows("sent_under <> 'another server' AND id <= 100"), 0);
  EXPECT_EQ(rows("sent_under = 'another server' AND id > 900"), 0);
}

TEST_F(OutboxTest, GoesOnAfterPostgresqlWasAway) {
  const auto box = outbox();
  add(*box, 1);
  server_.restart();
  ASSERT_TRUE(
      eventually([&] { return postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec1("SELECT 1"); }).ok(); }));
  add(*box, 1);
  EXPECT_TRUE(all_sent());
  EXPECT_EQ(rows("true"), 2);
}

TEST_F(OutboxTest, ForgetsWhatWasSentLongAgoAndOnlyThat) {
  ASSERT_TRUE(postgres_.transaction(soon(), [](pqxx::work& tx) {
    tx.exec0(
        "INSERT INTO shop.outbox (message_id, subject, body, sent_under, created_at)"
        " SELECT i::text, 'ticket.closed', '{}', 'long gone', now() - interval '61 minutes'"
        " FROM generate_series(1, 4500) i");
    tx.exec0(
        "INSERT INTO shop.outbox (message_id, subject, body, sent_under, created_at)"
        " VALUES ('recent', 'ticket.closed', '{}', 'long gone', now() - interval '59 minutes')");
  }));
  const auto box = outbox();
  EXPECT_TRUE(eventually([&] { return rows("true") == 1; }));
  EXPECT_EQ(rows("message_id = 'recent' AND sent_under = 'long gone'"), 1) << "too old to be sent again";
}

TEST_F(OutboxTest, MeasuresWhatWaits) {
  nats_.kill();
  ASSERT_TRUE(eventually([&] { return !bus_->connected(); }));
  const auto box = outbox();
  add(*box, 2);
  EXPECT_TRUE(eventually([&] { return metrics_.expose().find("mm_outbox_unsent 2") != std::string::npos; }));
  nats_.restart();
  EXPECT_TRUE(eventually([&] { return metrics_.expose().find("mm_outbox_unsent 0") != std::string::npos; }));
}

}  // namespace
}  // namespace mm::bus
