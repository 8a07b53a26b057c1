// Tests of encoding and decoding problems and times.
#include <gtest/gtest.h>

#include "common/wire/json.h"
#include "common/wire/problem_json.h"
#include "common/wire/time_text.h"

namespace mm::wire {
namespace {

const std::string kTrace(32, 'a');

TEST(ProblemJson, RoundTripsEveryCode) {
  for (const auto& entry : kCodes) {
    Problem problem;
    problem.code = entry.code;
    problem.detail = "what \"happened\"";
    problem.errors = {{"/a/0", "is missing"}, {"", "is wrong"}};
    problem.retry_after_seconds = 3;
    problem.ticket_id = TicketId::parse("01890a5d-ac96-774b-bcce-b302099a8057");
    const auto read = decode_problem(encode_problem(problem, kTrace));
    EXPECT_EQ(read.code, problem.code);
    EXPECT_EQ(read.detail, problem.detail);
    EXPECT_EQ(read.errors, problem.errors);
    EXPECT_EQ(read.retry_after_seconds, 3);
    EXPECT_EQ(read.ticket_id, problem.ticket_id);
  }
}

TEST(ProblemJson, HasTheMembersOfTheStandard) {
  Problem problem;
  problem.code = Code::already_queued;
  const auto document = *json::Document::parse(encode_problem(problem, kTrace));
  const auto root = document.root();
  EXPECT_EQ(root.find("type")->string(), "/errors/already_queued");
  EXPECT_EQ(root.find("title")->string(), "A player is queued already");
  EXPECT_EQ(root.find("status")->integer(), 409);
  EXPECT_EQ(root.find("detail")->string(), "A player is queued already") << "without a detail, the title is used";
  EXPECT_EQ(root.find("code")->string(), "already_queued");
  EXPECT_EQ(root.find("trace_id")->string(), kTrace);
  EXPECT_FALSE(root.find("ticket_id"));
  EXPECT_FALSE(root.find("retry_after_seconds"));
}

TEST(ProblemJson, InvalidTextIsDecodedAsAnInternalError) {
  for (const auto* text : {"", "{}", "[]", "nonsense", R"({"code":5})", R"({"code":"of_a_newer_version"})",
                           R"({"code":"not_found","errors":7})"}) {
    EXPECT_EQ(decode_problem(text).code, Code::internal_error) << text;
  }
}

TEST(ProblemJson, IgnoresUnknownMembers) {
  EXPECT_EQ(decode_problem(R"({"code":"not_found","severity":"high"})").code, Code::not_found);
}

TEST(TimeText, RoundTrips) {
  for (const auto* text : {"2026-01-31T23:59:59.123Z", "1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
                           "2024-02-29T12:00:00.001Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_time(*time), text);
  }
}

TEST(TimeText, ReadsAnyFractionAndCutsItToMilliseconds) {
  EXPECT_EQ(format_time(*parse_time("2026-01-31T23:59:59Z")), "2026-01-31T23:59:59.000Z");
  EXPECT_EQ(format_time(*parse_time("2026-01-31T23:59:59.1Z")), "2026-01-31T23:59:59.100Z");
  EXPECT_EQ(format_time(*parse_time("2026-01-31T23:59:59.123999999Z")), "2026-01-31T23:59:59.123Z");
}

TEST(TimeText, RefusesMalformedTimes) {
  for (const auto* text : {"",
                           "2026-01-31",
                           "2026-01-31T23:59:59",
                           "2026-01-31T23:59:59+00:00",
                           "2026-01-31 23:59:59Z",
                           "2026-1-31T23:59:59Z",
                           "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T23:60:00Z",
                           "2026-01-31T23:59:60Z",
                           "2026-01-31T23:59:59.Z",
                           "2026-01-31T23:59:59.1234567890Z",
                           "2026-01-31T23:59:59.12xZ",
                           "2026-01-31T23:59:59z",
                           "-026-01-31T23:59:59Z",
                           "+026-01-31T23:59:59Z",
                           "2026-01-31T23:59:59.123Z ",
                           " 2026-01-31T23:59:59Z",
                           "20260131T235959Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

}  // namespace
}  // namespace mm::wire
