// Tests of the W3C trace context: parsing and writing it, child spans, and the current context of a thread.
#include "common/runtime/trace.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace mm::trace {
namespace {

constexpr const char* kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, RoundTrips) {
  const auto context = parse_traceparent(kGood);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->traceparent(), kGood);
  const auto unsampled = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  ASSERT_TRUE(unsampled.has_value());
  EXPECT_FALSE(unsampled->sampled);
}

TEST(Traceparent, ReadsLaterVersions) {
  EXPECT_TRUE(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-holds"));
  EXPECT_FALSE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what"));
}

TEST(Traceparent, RefusesMalformedTexts) {
  for (const char* text : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

TEST(Trace, AChildHasTheSameTraceAndAnotherSpan) {
  const auto parent = new_trace();
  const auto child = child_of(parent);
  EXPECT_FALSE(parent.none());
  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_FALSE(child_of(Context{}).none());
}

TEST(Trace, IdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 1'000; ++i) ids.insert(new_trace().trace_id_text());
  std::thread other([&] { ids.insert(new_trace().trace_id_text()); });
  other.join();
  EXPECT_EQ(ids.size(), 1'001u);
}

TEST(Trace, AScopeSetsTheContextOfItsThreadUntilItEnds) {
  EXPECT_TRUE(current().none());
  const auto outer = new_trace();
  const auto inner = new_trace();
  {
    const Scope a(outer);
    {
      const Scope b(inner);
      EXPECT_EQ(current().trace_id, inner.trace_id);
      std::thread([] { EXPECT_TRUE(current().none()); }).join();
    }
    EXPECT_EQ(current().trace_id, outer.trace_id);
  }
  EXPECT_TRUE(current().none());
}

}  // namespace
}  // namespace mm::trace
