// Tests of batch handlers of a consumer: the handler gets all events that have arrived, and each is acknowledged by
// itself.
#include <gmock/gmock.h>

#include <numeric>

#include "common/bus/consumer.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using ::testing::ElementsAre;
using testing::eventually;
using ::testing::SizeIs;

class Batches : public ::testing::Test {
 protected:
  Batches() {
    make_consumers(*bus_, {"batches"});
    consumer_.emplace(*bus_, streams::kMatch, ConsumerOptions{.name = "batches", .batch = 100}, metrics_);
  }

  void store(int from, int to) {
    std::vector<Bus::Outgoing> events;
    for (int i = from; i < to; ++i) {
      events.push_back({Found::kSubject.text, wire::encode(Found{i}), "found-" + std::to_string(i), {}});
    }
    for (const auto& stored : bus_->store_all(events, soon())) EXPECT_TRUE(stored.ok());
  }

  std::vector<std::vector<int>> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  std::vector<int> numbers_of(const std::vector<Delivered<Found>>& events) {
    std::vector<int> numbers;
    for (const auto& delivered : events) numbers.push_back(delivered.event.number);
    const std::lock_guard lock(mutex_);
    seen_.push_back(numbers);
    return numbers;
  }

  const testing::OwnNats nats_;
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  std::mutex mutex_;
  std::vector<std::vector<int>> seen_;
  std::optional<Consumer> consumer_;  // last, because its handler uses the members above
};

std::vector<int> joined(const std::vector<std::vector<int>>& batches) {
  std::vector<int> all;
  for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

TEST_F(Batches, HoldWhatHasArrivedInOrderAndNeverMoreThanWished) {
  store(0, 1'000);
  consumer_->on_batch<Found>(40, [this](const std::vector<Delivered<Found>>& events) {
    return std::vector<Ack>(numbers_of(events).size(), Ack::done);
  });
  consumer_->start();
  ASSERT_TRUE(eventually([&] { return joined(seen()).size() >= 1'000; }));
  std::vector<int> expected(1'000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(joined(seen()), expected);
  EXPECT_LT(seen().size(), 500U) << "events that wait are handled together";
  for (const auto& batch : seen()) EXPECT_LE(batch.size(), 40U);
}

TEST_F(Batches, OneEventAloneDoesNotWaitForOthers) {
  consumer_->on_batch<Found>(100, [this](const std::vector<Delivered<Found>>& events) {
    return std::vector<Ack>(numbers_of(events).size(), Ack::done);
  });
  consumer_->start();
  store(7, 8);
  ASSERT_TRUE(eventually([&] { return !seen().empty(); }));
  EXPECT_THAT(seen(), ElementsAre(ElementsAre(7)));
}

// The handler throws for one event. This event is retried alone and then dropped; the others are handled.
TEST_F(Batches, AnEventThatFailsDoesNotHoldUpThoseBesideIt) {
  const FakeLeaderboard leaderboard(*bus_, metrics_);
  store(0, 20);
  std::atomic<int> handled = 0;
  consumer_->on_batch<Found>(20, [&](const std::vector<Delivered<Found>>& events) {
    for (const int number : numbers_of(events)) {
      if (number == 5) throw std::runtime_error("five");
    }
    handled += static_cast<int>(events.size());
    return std::vector<Ack>(events.size(), Ack::done);
  });
  consumer_->start();
  ASSERT_TRUE(eventually([&] { return handled == 19; }, Milliseconds{30'000}));
  ASSERT_TRUE(eventually(
      [&] {
        return metrics_.expose().find("mm_bus_dead_letters_total{consumer=\"batches\",stream=\"MATCH\"} 1") !=
               std::string::npos;
      },
      Milliseconds{30'000}))
      << metrics_.expose();
  EXPECT_EQ(handled, 19);
}

TEST_F(Batches, EachEventIsPutBackOrDoneByItself) {
  store(0, 4);
  consumer_->on_batch<Found>(4, [this](const std::vector<Delivered<Found>>& events) {
    std::vector<Ack> acks;
    for (std::size_t i = 0; i < events.size(); ++i) {
      acks.push_back(events[i].event.number == 2 && events[i].info.deliveries == 1 ? Ack::retry : Ack::done);
    }
    numbers_of(events);
    return acks;
  });
  consumer_->start();
  ASSERT_TRUE(eventually([&] { return joined(seen()).size() == 5; }));
  EXPECT_THAT(seen().back(), ElementsAre(2));
}

}  // namespace
}  // namespace mm::bus
