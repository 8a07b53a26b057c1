// Tests of the decision whether missed frames are replayed, and of the reader of the log of frames.
#include "services/gateway/core/replay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "services/gateway/sockets/frames.h"

namespace mm::gateway {
namespace {

constexpr std::int64_t kFirst = 1'796'000'000'000'000;  // the first number of a counter

std::vector<StoredFrame> frames(std::int64_t first, std::int64_t last) {
  std::vector<StoredFrame> out;
  for (auto seq = first; seq <= last; ++seq) {
    out.push_back({seq, std::make_shared<const std::string>(std::to_string(seq))});
  }
  return out;
}

/// The numbers of the replayed frames, or nullopt for a welcome.
std::optional<std::vector<std::int64_t>> replayed(std::int64_t seen, std::int64_t last,
                                                  const std::vector<StoredFrame>& log) {
  const auto missed = missed_frames(seen, last, log);
  if (!missed) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const auto& text : *missed) numbers.push_back(std::stoll(*text));
  return numbers;
}

using Numbers = std::vector<std::int64_t>;

TEST(Replays, AreTheFramesAfterTheLastSeenOneInOrder) {
  EXPECT_EQ(replayed(kFirst + 2, kFirst + 5, frames(kFirst + 1, kFirst + 5)),
            (Numbers{kFirst + 3, kFirst + 4, kFirst + 5}));
}

TEST(Replays, OfNothingNeedNoLog) {
  EXPECT_EQ(replayed(kFirst, kFirst, {}), Numbers{});
  EXPECT_EQ(replayed(kFirst + 5, kFirst + 5, frames(kFirst + 1, kFirst + 5)), Numbers{});
}

TEST(Replays, NeedEveryMissedFrame) {
  EXPECT_TRUE(replayed(kFirst + 2, kFirst + 5, frames(kFirst + 3, kFirst + 5)));
  EXPECT_FALSE(replayed(kFirst + 1, kFirst + 5, frames(kFirst + 3, kFirst + 5))) << "the log begins one frame too late";
  EXPECT_FALSE(replayed(kFirst + 1, kFirst + 5, frames(kFirst + 2, kFirst + 4))) << "the last frame is missing";
  EXPECT_FALSE(replayed(kFirst + 1, kFirst + 5, {}));
  auto hole = frames(kFirst + 1, kFirst + 5);
  hole.erase(hole.begin() + 2);
  EXPECT_FALSE(replayed(kFirst + 1, kFirst + 5, hole));
  EXPECT_TRUE(replayed(kFirst + 3, kFirst + 5, hole)) << "the hole is before the missed frames";
}

TEST(Replays, AreImpossibleForNumbersThatTheCounterHasNotGiven) {
  EXPECT_FALSE(replayed(0, kFirst + 5, frames(kFirst + 1, kFirst + 5))) << "a client without a number";
  EXPECT_FALSE(replayed(0, 0, {})) << "no counter";
  EXPECT_FALSE(replayed(kFirst + 6, kFirst + 5, frames(kFirst + 1, kFirst + 5)));
  EXPECT_FALSE(replayed(kFirst + 5, 0, {}));
}

TEST(Replays, DoNotMixTheNumbersOfACounterThatWasLostWithThoseOfTheNext) {
  const auto second = kFirst + 1'000'000;  // the next counter was started a second later
  auto log = frames(kFirst + 1, kFirst + 5);
  for (const auto& frame : frames(second + 1, second + 8)) log.push_back(frame);
  EXPECT_FALSE(replayed(kFirst + 3, second + 8, log));
  EXPECT_EQ(replayed(second + 6, second + 8, log), (Numbers{second + 7, second + 8}));
}

RC_GTEST_PROP(Replays, AreCompleteOrNothing, ()) {
  // Any log: some numbers are missing, and some are of an earlier counter.
  std::vector<StoredFrame> log = frames(100, 100 + *rc::gen::inRange(0, 3));
  for (const auto& frame : frames(kFirst, kFirst + 12)) {
    if (*rc::gen::inRange(0, 10) > 0) log.push_back(frame);
  }
  const auto last = kFirst + *rc::gen::inRange(0, 13);
  std::erase_if(log, [&](const auto& frame) { return frame.seq > last; });
  const auto seen = *rc::gen::element<std::int64_t>(0, 99, 101, kFirst - 1, kFirst + 3, kFirst + 8, last, last + 1);
  Numbers wanted;
  for (auto seq = seen + 1; seq <= last && wanted.size() < 20; ++seq) wanted.push_back(seq);
  const auto is_stored = [&](std::int64_t seq) {
    return std::any_of(log.begin(), log.end(), [&](const auto& frame) { return frame.seq == seq; });
  };
  const bool possible = seen > 0 && seen <= last && std::all_of(wanted.begin(), wanted.end(), is_stored);
  RC_ASSERT(replayed(seen, last, log) == (possible ? std::optional(wanted) : std::nullopt));
}

TEST(Logs, AreReadFrameByFrame) {
  const auto read = read_frame_log(
      "\n{\"event\":\"a\",\"seq\":7,\"data\":{\"text\":\"\\n\"}}\n{\"event\":\"b\",\"seq\":8,\"data\":{}}");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].seq, 7);
  EXPECT_EQ(*read[0].text, R"({"event":"a","seq":7,"data":{"text":"\n"}})");
  EXPECT_EQ(read[1].seq, 8);
}

TEST(Logs, DropTheRestOfAFrameThatWasCutOff) {
  const std::string whole = "\n{\"event\":\"b\",\"seq\":8,\"data\":{}}";
  for (const auto* rest : {"", "xt\"}}", R"({"event":"a","seq":7,"data":{}})"}) {
    const auto read = read_frame_log(rest + whole);
    ASSERT_EQ(read.size(), 1u) << rest;
    EXPECT_EQ(read[0].seq, 8);
  }
  EXPECT_TRUE(read_frame_log("").empty());
  EXPECT_TRUE(read_frame_log("\n\n[]\n{\"event\":\"c\"}").empty());
}

}  // namespace
}  // namespace mm::gateway
