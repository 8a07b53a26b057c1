// Tests of plain events, stored events and consumers, with a real nats-server.
#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "common/bus/consumer.h"
#include "common/security/secrets.h"
#include "tests/integration/bus/messages.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::bus {
namespace {

using ::testing::ElementsAre;
using testing::eventually;
using ::testing::HasSubstr;

// Each test has a nats-server of its own, because streams are state.
class Events : public ::testing::Test {
 protected:
  void SetUp() override { make_consumers(*bus_, {"test"}); }

  void store(int number, const std::string& id) {
    const auto stored = bus_->store(Found{number}, id, soon());
    ASSERT_TRUE(stored.ok()) << stored.error();
  }
  void store_each(int first, int last) {
    for (int i = first; i <= last; ++i) store(i, std::to_string(i));
  }
  void store_raw(std::string_view subject, std::string_view body, const std::string& id) {
    ASSERT_TRUE(bus_->store(subject, body, id, {}, soon()).ok());
  }
  double metric(const std::string& series) {
    const auto text = metrics_.expose();
    const auto at = text.find(series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 1));
  }

  testing::OwnNats nats_;
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
};

TEST_F(Events, PlainOnesReachWhoListensWithTheirTrace) {
  const auto trace = trace::new_trace();
  std::string seen_trace;
  Numbers seen;
  const auto subscription = subscribe<Found>(*bus_, "", [&](const Found& e) {
    seen_trace = trace::current().trace_id_text();
    seen.add(e.number);
  });
  ASSERT_TRUE(bus_->publish("match.found", "not json").ok());
  {
    const trace::Scope scope(trace);
    ASSERT_TRUE(bus_->publish(Found{7}).ok());
  }
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  EXPECT_EQ(seen_trace, trace.trace_id_text());
  EXPECT_EQ(metric("mm_bus_undecodable_total{subject=\"match.found\"}"), 1);
}

TEST_F(Events, SubjectsThatAreNoneAreRefused) {
  for (const char* subject : {"", "a b", "a..b", ".a", "a.", "a\r\nPUB x 0", "a.*", "a.>", "ä"}) {
    EXPECT_FALSE(bus_->publish(subject, "{}").ok()) << subject;
    EXPECT_FALSE(bus_->store(subject, "{}", "id", {}, soon()).ok()) << subject;
    EXPECT_FALSE(bus_->request(subject, "{}", {}, soon()).ok()) << subject;
  }
}

TEST_F(Events, TheSameIdIsStoredOnce) {
  const auto first = bus_->store(Found{1}, "same", soon());
  const auto again = bus_->store(Found{1}, "same", soon());
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_FALSE(first->duplicate);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(first->sequence, again->sequence);
  EXPECT_EQ(first->server_id, bus_->server_id());
  EXPECT_FALSE(first->server_id.empty());
}

TEST_F(Events, WithoutAStreamStoringFailsAndSaysSo) {
  EXPECT_FALSE(bus_->store("nowhere.at_all", "{}", "id", {}, soon()).ok());
}

TEST_F(Events, ManyAreStoredWithOneWaitAndOneResultEach) {
  std::vector<Bus::Outgoing> events;
  for (int i = 0; i < 3'000; ++i)
    events.push_back({"match.found", wire::encode(Found{i}), "m" + std::to_string(i), {}});
  events.push_back({"nowhere.at_all", "{}", "x", {}});
  events.push_back({"match.found", wire::encode(Found{0}), "m0", {}});
  const auto results = bus_->store_all(events, soon(30'000));
  ASSERT_EQ(results.size(), 3'002u);
  for (std::size_t i = 0; i < 3'000; ++i) {
    ASSERT_TRUE(results[i].ok()) << results[i].error();
    EXPECT_EQ(results[i]->sequence, i + 1);
  }
  EXPECT_FALSE(results[3'000].ok());
  ASSERT_TRUE(results[3'001].ok());
  EXPECT_TRUE(results[3'001]->duplicate);
  EXPECT_TRUE(bus_->store_all({}, soon()).empty());
}

TEST_F(Events, AConsumerHandlesInOrderWhatWasStoredBeforeAndAfter) {
  store_each(1, 100);
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  store_each(101, 150);
  ASSERT_TRUE(eventually([&] { return seen.size() == 150; }));
  EXPECT_TRUE(std::ranges::is_sorted(seen.all()));
}

TEST_F(Events, SubjectsWithoutAHandlerDoNotHoldUpTheOthers) {
  store_raw("match.ready", "{}", "r1");
  store(1, "f1");
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  EXPECT_TRUE(eventually([&] { return seen.size() == 1; }));
}

TEST_F(Events, RetryBringsAnEventAgainWhileLaterOnesFlow) {
  store_each(1, 3);
  Numbers seen;
  std::atomic<int> tries{0};
  std::atomic<int> deliveries{0};
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>([&](const Found& e, const EventInfo& info) {
    if (e.number == 1 && ++tries < 6) return Ack::retry;
    if (e.number == 1) deliveries = info.deliveries;
    seen.add(e.number);
    return Ack::done;
  });
  consumer.start();
  ASSERT_TRUE(eventually([&] { return seen.size() == 2; }));
  EXPECT_THAT(seen.all(), ElementsAre(2, 3));
  // The handler asks for more retries than the limit of failures: a requested retry is not a failure.
  ASSERT_TRUE(eventually([&] { return seen.size() == 3; }, Milliseconds{60'000}));
  EXPECT_EQ(deliveries, 6);
}

TEST_F(Events, PoisonIsReportedAndStoredAndTheNextEventFlows) {
  FakeLeaderboard leaderboard(*bus_, metrics_);
  RawClient listener(nats_.port());
  listener.subscribe("events.violation.>");
  store_raw("match.found", "not json", "bad");
  store(2, "rejected");
  store(3, "good");
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>([&](const Found& e, const EventInfo&) {
    if (e.number == 2) return Ack::reject;
    seen.add(e.number);
    return Ack::done;
  });
  consumer.start();
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  for (const char* sequence : {"\"sequence\":1", "\"sequence\":2"}) {
    const auto violation = listener.next();
    ASSERT_TRUE(violation.has_value());
    EXPECT_EQ(violation->subject, "events.violation.poison_message");
    EXPECT_THAT(violation->body, HasSubstr(sequence));
    EXPECT_THAT(violation->body, ::testing::Not(HasSubstr("not json")));
  }
  EXPECT_TRUE(eventually([&] { return metric("mm_bus_dead_letters_total{consumer=\"test\",stream=\"MATCH\"}") == 2; }));
  const auto letters = leaderboard.letters();
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].event.message_id, "bad");
  EXPECT_EQ(letters[0].event.body, security::base64url_encode("not json"));
  EXPECT_THAT(letters[0].reason, HasSubstr("cannot be decoded"));
  EXPECT_EQ(letters[1].reason, "refused by the handler");
}

TEST_F(Events, PoisonThatCannotBeStoredComesAgainAndIsReportedOnce) {
  FakeLeaderboard leaderboard(*bus_, metrics_);
  leaderboard.refuse_next(2);
  RawClient listener(nats_.port());
  listener.subscribe("events.violation.>");
  store_raw("match.found", "not json", "bad");
  store(2, "good");
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  EXPECT_TRUE(eventually([&] { return metric("mm_bus_dead_letters_total{consumer=\"test\",stream=\"MATCH\"}") == 1; }));
  EXPECT_EQ(metric("mm_bus_dead_letter_failures_total{consumer=\"test\",stream=\"MATCH\"}"), 2);
  EXPECT_EQ(leaderboard.letters().size(), 3u);
  EXPECT_TRUE(listener.next());
  EXPECT_FALSE(listener.next(Milliseconds{100}));
}

TEST_F(Events, AHandlerThatThrowsGetsItFiveTimes) {
  const FakeLeaderboard leaderboard(*bus_, metrics_);
  store(1, "bug");
  store(2, "fine");
  std::atomic<int> thrown{0};
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>([&](const Found& e, const EventInfo&) -> Ack {
    if (e.number == 1) {
      ++thrown;
      throw std::runtime_error("a bug");
    }
    seen.add(e.number);
    return Ack::done;
  });
  consumer.start();
  const std::string dead = "mm_bus_dead_letters_total{consumer=\"test\",stream=\"MATCH\"}";
  ASSERT_TRUE(eventually([&] { return metric(dead) == 1; }, Milliseconds{30'000}));
  EXPECT_EQ(thrown, Consumer::kMaxDeliveries);
  EXPECT_THAT(seen.all(), ElementsAre(2));
}

TEST_F(Events, AnEventThatWasNotAcknowledgedComesAgain) {
  store(1, "one");
  metrics::Registry other_metrics;
  const auto other_bus = connect(nats_, other_metrics);
  make_consumers(*bus_, {"hasty"}, Milliseconds{500});
  const ConsumerOptions options{.name = "hasty"};
  Gate gate;
  Consumer slow(*bus_, streams::kMatch, options, metrics_);
  slow.on<Found>([&](const Found&, const EventInfo&) {
    gate.pass();
    return Ack::done;
  });
  slow.start();
  ASSERT_TRUE(eventually([&] { return gate.reached() == 1; }));
  Numbers seen;
  std::atomic<int> deliveries{0};
  Consumer second(*other_bus, streams::kMatch, options, other_metrics);
  second.on<Found>([&](const Found& e, const EventInfo& info) {
    deliveries = info.deliveries;
    seen.add(e.number);
    return Ack::done;
  });
  second.start();
  EXPECT_TRUE(eventually([&] { return seen.size() == 1; }));
  EXPECT_GE(deliveries, 2);
  gate.open();
}

TEST_F(Events, InstancesOfOneNameShareAndConsumersOfOtherNamesSeeAll) {
  make_consumers(*bus_, {"shared", "view-1", "view-2"});
  metrics::Registry other_metrics;
  const auto other_bus = connect(nats_, other_metrics);
  Numbers shared;
  Numbers first_view;
  Numbers second_view;
  Consumer a(*bus_, streams::kMatch, {.name = "shared", .batch = 1}, metrics_);
  Consumer b(*other_bus, streams::kMatch, {.name = "shared", .batch = 1}, other_metrics);
  Consumer c(*bus_, streams::kMatch, {.name = "view-1"}, metrics_);
  Consumer d(*other_bus, streams::kMatch, {.name = "view-2"}, other_metrics);
  a.on<Found>(into(shared));
  b.on<Found>(into(shared));
  c.on<Found>(into(first_view));
  d.on<Found>(into(second_view));
  for (auto* consumer : {&a, &b, &c, &d}) consumer->start();
  store_each(1, 60);
  ASSERT_TRUE(eventually([&] { return first_view.size() == 60 && second_view.size() == 60 && shared.size() >= 60; }));
  EXPECT_EQ(shared.size(), 60u);
}

TEST_F(Events, EndingGivesBackWhatWasNotBegun) {
  store_each(1, 20);
  Gate gate;
  auto first = std::make_unique<Consumer>(*bus_, streams::kMatch, ConsumerOptions{.name = "test"}, metrics_);
  first->on<Found>([&](const Found&, const EventInfo&) {
    gate.pass();
    return Ack::done;
  });
  first->start();
  ASSERT_TRUE(eventually([&] { return gate.reached() == 1; }));
  std::thread ending([&] { first.reset(); });
  gate.open();
  ending.join();
  const auto begun = gate.reached();
  Numbers seen;
  Consumer second(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  second.on<Found>(into(seen));
  second.start();
  // The events that were not begun are given back at once. Otherwise they would return after the ack_wait of 30 s.
  EXPECT_TRUE(eventually([&] { return seen.size() + static_cast<std::size_t>(begun) == 20; }));
}

TEST_F(Events, AConsumerThatIsMissingIsToldOfAndWaitedFor) {
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  store(1, "1");
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  EXPECT_THAT(bus_->missing_consumers(), ::testing::IsEmpty());
  RawClient raw(nats_.port());
  const auto removed = raw.request("$JS.API.CONSUMER.DELETE.MATCH.test", "", "");
  ASSERT_TRUE(removed.has_value());
  EXPECT_THAT(removed->body, HasSubstr("\"success\":true"));
  EXPECT_TRUE(eventually([&] { return bus_->missing_consumers() == std::vector<std::string>{"MATCH.test"}; }));
  store(2, "2");
  make_consumers(*bus_, {"test"});
  EXPECT_TRUE(eventually([&] { return std::ranges::count(seen.all(), 2) == 1; }));
  EXPECT_TRUE(eventually([&] { return bus_->missing_consumers().empty(); }));
}

TEST_F(Events, AStreamThatVanishedAndIsMadeAgainIsConsumed) {
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  store(1, "1");
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  RawClient raw(nats_.port());
  ASSERT_TRUE(raw.request("$JS.API.STREAM.DELETE.MATCH", "", "").has_value());
  EXPECT_TRUE(eventually([&] { return !bus_->missing_consumers().empty(); }));
  make_consumers(*bus_, {"test"});
  store(2, "2");
  EXPECT_TRUE(eventually([&] { return seen.all().back() == 2; }));
}

// nats-server allows 512 pull requests at a time for each consumer. When they are used up it gives out no event.
TEST_F(Events, AnEndOfAnEarlierPullThatArrivesAgainDoesNotBeginAnotherPull) {
  RawClient raw(nats_.port());
  raw.subscribe("$JS.API.CONSUMER.MSG.NEXT.MATCH.test");
  ASSERT_TRUE(raw.synchronise());
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  const auto first = raw.next(), second = raw.next();
  ASSERT_TRUE(first && second);
  for (int i = 0; i < 50; ++i) raw.publish(first->reply, "", "NATS/1.0 408 Request Timeout\r\n\r\n", "");
  ASSERT_TRUE(raw.synchronise());
  store(1, "1");
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  int more = 0;
  while (raw.next(Milliseconds{100})) ++more;
  EXPECT_LE(more, 1);
}

}  // namespace
}  // namespace mm::bus
