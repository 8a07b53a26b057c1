#include "common/runtime/background_queue.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "common/testing/wait.h"

namespace mm::runtime {
namespace {

using ::testing::ElementsAre;
using testing::eventually;
using Queue = BackgroundQueue<int>;

constexpr Milliseconds kLong{60'000};

/// A queue whose handler keeps the items, after the test has allowed its calls to return.
struct BackgroundQueueTest : ::testing::Test {
  void start(Queue::Limits limits) {
    limits.shutdown_timeout = kLong;
    queue = std::make_unique<Queue>(limits, dropped, [this](const std::vector<int>& batch) {
      ++calls;
      EXPECT_TRUE(eventually([&] { return may_return.load(); }));
      handled.insert(handled.end(), batch.begin(), batch.end());
      sizes.push_back(batch.size());
    });
  }
  /// The next items stay in the queue, because the handler has the first item.
  void start_with_a_slow_item(const Queue::Limits& limits) {
    start(limits);
    queue->add(0);
    ASSERT_TRUE(eventually([&] { return calls == 1; }));
  }
  void add_up_to(int last) {
    for (int i = 1; i <= last; ++i) queue->add(i);
  }
  void finish() {
    may_return = true;
    queue.reset();
  }
  std::string drops() const {
    const auto text = registry.expose();
    const auto from = text.find("\ndropped_total ") + 15;
    return text.substr(from, text.find('\n', from) - from);
  }

  metrics::Registry registry;
  metrics::Counter dropped = registry.counter("dropped_total", "Dropped");
  std::atomic<int> calls = 0;
  std::atomic<bool> may_return = false;
  std::vector<int> handled;  // read after the end of the queue, like `sizes`
  std::vector<std::size_t> sizes;
  std::unique_ptr<Queue> queue;
};

TEST_F(BackgroundQueueTest, KeepsTheOrder) {
  start({.queued = 1'000});
  may_return = true;
  add_up_to(1'000);
  finish();
  std::vector<int> all(1'000);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(handled, all);
  EXPECT_EQ(drops(), "0");
}

TEST_F(BackgroundQueueTest, AddingDoesNotWaitForASlowHandlerAndDropsItemsBeyondTheLimit) {
  start_with_a_slow_item({.queued = 2});
  add_up_to(5);
  EXPECT_EQ(drops(), "3");
  finish();
  EXPECT_THAT(handled, ElementsAre(0, 1, 2));
  EXPECT_THAT(sizes, ElementsAre(1, 1, 1));
}

TEST_F(BackgroundQueueTest, GivesTheHandlerAsManyItemsAsOneBatchMayHave) {
  start_with_a_slow_item({.queued = 10, .batch = 3});
  add_up_to(5);
  finish();
  EXPECT_THAT(handled, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(sizes, ElementsAre(1, 3, 2));
}

TEST_F(BackgroundQueueTest, AfterTheShutdownTimeoutDropsWhatIsQueued) {
  Queue* self = nullptr;
  queue = std::make_unique<Queue>(Queue::Limits{.queued = 1, .shutdown_timeout = Milliseconds{10}}, dropped,
                                  [&](const std::vector<int>& batch) { self->add(batch.front() + 1); });
  self = queue.get();
  queue->add(0);
  queue.reset();  // returns although each call of the handler adds an item
  EXPECT_EQ(drops(), "1");
}

TEST_F(BackgroundQueueTest, EndsWhenNothingWasAdded) {
  start({.queued = 1});
  finish();
  EXPECT_THAT(handled, ElementsAre());
}

TEST(BackgroundQueueDeathTest, AnExceptionFromTheHandlerEndsTheProcess) {
  EXPECT_DEATH(
      {
        metrics::Registry registry;
        Queue queue({.queued = 1}, registry.counter("dropped_total", "Dropped"),
                    [](const std::vector<int>&) { throw std::runtime_error("of the handler"); });
        queue.add(1);
      },
      "of the handler");
}

}  // namespace
}  // namespace mm::runtime
