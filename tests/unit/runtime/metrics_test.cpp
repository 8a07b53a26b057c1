// Tests of metrics in the text format of Prometheus.
#include "common/runtime/metrics.h"

#include <gmock/gmock.h>

#include "common/daemon/process_metrics.h"

namespace mm::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, AreExposedAsText) {
  Registry registry;
  auto tickets = registry.counter("mm_queue_tickets_total", "Tickets queued", {{"mode", "ranked"}});
  auto depth = registry.gauge("mm_queue_depth", "Tickets now");
  auto seconds = registry.histogram("mm_tick_seconds", "Length of a tick", {}, {0.1, 1});
  tickets.add();
  tickets.add(2);
  depth.set(5);
  depth.add(-1);
  seconds.observe(0.5);
  const auto text = registry.expose();
  EXPECT_THAT(text, HasSubstr("# HELP mm_queue_tickets_total Tickets queued\n# TYPE mm_queue_tickets_total counter\n"));
  EXPECT_THAT(text, HasSubstr("mm_queue_tickets_total{mode=\"ranked\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("mm_queue_depth 4\n"));
  EXPECT_THAT(text, HasSubstr("mm_tick_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("mm_tick_seconds_bucket{le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("mm_tick_seconds_count 1\n"));
}

TEST(Metrics, RegisteringTheSameSeriesTwiceGivesOneSeries) {
  Registry registry;
  auto first = registry.counter("mm_x_total", "X", {{"a", "b"}});
  auto second = registry.counter("mm_x_total", "X", {{"a", "b"}});
  first.add();
  second.add();
  EXPECT_THAT(registry.expose(), HasSubstr("mm_x_total{a=\"b\"} 2\n"));
}

TEST(Metrics, LabelsAreEscaped) {
  Registry registry;
  registry.counter("mm_x_total", "X", {{"a", "b\"\n}"}}).add();
  EXPECT_THAT(registry.expose(), HasSubstr("mm_x_total{a=\"b\\\"\\n}\"} 1\n"));
}

TEST(MetricsDeathTest, AbortsOnAnInvalidNameOrASecondType) {
  Registry registry;
  EXPECT_DEATH(registry.counter("mm x", "X"), "check failed");
  registry.counter("mm_x", "X");
  EXPECT_DEATH(registry.gauge("mm_x", "X"), "check failed");
}

TEST(Metrics, OfTheProcessAreExposed) {
  Registry registry;
  ProcessMetrics process(registry);
  process.update();
  process.update();
  const auto text = registry.expose();
  for (const char* name :
       {"process_resident_memory_bytes", "process_open_fds", "process_threads", "process_start_time_seconds"}) {
    EXPECT_THAT(text, Not(HasSubstr(std::string(name) + " 0\n"))) << name;
    EXPECT_THAT(text, HasSubstr(std::string(name) + " ")) << name;
  }
}

}  // namespace
}  // namespace mm::metrics
