// Tests results: which fit the match, which are repeats, how they end the match, and the view of an ended match.
#include "services/session/core/result.h"

#include <gtest/gtest.h>

#include "common/wire/codec.h"
#include "services/session/core/recent.h"
#include "services/session/report.h"
#include "tests/unit/session/found_matches.h"

namespace mm::session {
namespace {

using Pointers = std::vector<std::string>;

Match two_on_two() { return row_of(found_match({{{1, 'A'}, {2, 'A'}}, {{3, 'B'}, {4, 'C'}}})); }

ReportResult reported(std::optional<int> winner, std::vector<std::string> stats) {
  ReportResult result;
  result.match_id = match_id(1);
  result.winning_team = winner;
  result.duration_seconds = 12.5;
  if (!stats.empty()) result.player_stats.emplace();
  for (auto& text : stats) result.player_stats->push_back({std::move(text)});
  return result;
}

ReportResult void_result(double seconds = 12.5) {
  auto result = reported(std::nullopt, {});
  result.outcome = ResultOutcome::voided;
  result.duration_seconds = seconds;
  return result;
}

std::string entry(int number, const std::string& rest = "") {
  return R"({"player_id":")" + player(number).to_string() + "\"" + rest + "}";
}

Report read(const ReportResult& result) {
  auto report = read_report(result);
  EXPECT_TRUE(report.ok());
  return report.ok() ? *report : Report{};
}

Pointers wrong_in(const ReportResult& result) {
  Pointers pointers;
  auto match = two_on_two();
  match.status = MatchStatus::running;
  const auto judged = judge(match, read(result), match.stored_at);
  EXPECT_EQ(judged.verdict == Verdict::invalid, !judged.errors.empty());
  EXPECT_EQ(judged.verdict == Verdict::accept, judged.end.has_value());
  for (const auto& error : judged.errors) pointers.push_back(error.pointer);
  return pointers;
}

TEST(Report, FitsWithAWinnerOrADrawAndWithStatsOfNoPlayerOrOfEachPlayer) {
  EXPECT_TRUE(wrong_in(reported(0, {})).empty());
  EXPECT_TRUE(wrong_in(reported(1, {entry(4), entry(1), entry(3), entry(2)})).empty());
  EXPECT_TRUE(wrong_in(reported(std::nullopt, {entry(1), entry(2), entry(3), entry(4)})).empty());
  EXPECT_TRUE(wrong_in(void_result()).empty());
}

TEST(Report, RefusesStatsThatLeaveAPlayerOut) {
  EXPECT_EQ(wrong_in(reported(0, {entry(1), entry(2), entry(3)})), Pointers{"/player_stats"});
  EXPECT_EQ(wrong_in(reported(0, {entry(1)})), (Pointers{"/player_stats", "/player_stats", "/player_stats"}));
  auto nobody = reported(0, {});
  nobody.player_stats.emplace();
  EXPECT_EQ(wrong_in(nobody).size(), 4U) << "an empty list is not an absent one";
}

TEST(Report, NeedsAWinnerAndADurationUnlessItVoidsTheMatch) {
  const auto wrong = [](const std::string& body) {
    Pointers pointers;
    const auto read = wire::decode<ReportResult>(body, wire::Unknown::refused);
    if (!read) {
      for (const auto& error : read.error().errors) pointers.push_back(error.pointer);
    }
    return pointers;
  };
  const std::string match = R"("match_id":")" + match_id(1).to_string() + "\"";
  EXPECT_EQ(wrong("{" + match + "}"), (Pointers{"/winning_team", "/duration_seconds"}));
  EXPECT_EQ(wrong("{" + match + R"(,"outcome":"played"})"), (Pointers{"/winning_team", "/duration_seconds"}));
  EXPECT_EQ(wrong("{" + match + R"(,"outcome":"void"})"), Pointers{});
  EXPECT_EQ(wrong("{" + match + R"(,"winning_team":null,"duration_seconds":0,"outcome":"void"})"), Pointers{});
  EXPECT_EQ(wrong("{" + match + R"(,"outcome":"voided"})"),
            (Pointers{"/outcome", "/winning_team", "/duration_seconds"}));
}

TEST(Report, NamesEveryFieldThatDoesNotFit) {
  EXPECT_EQ(wrong_in(reported(2, {})), Pointers{"/winning_team"});
  EXPECT_EQ(wrong_in(reported(0, {entry(1), entry(9), entry(1), "{}", R"({"player_id":7})"})),
            (Pointers{"/player_stats/1/player_id", "/player_stats/2/player_id", "/player_stats/3/player_id",
                      "/player_stats/4/player_id", "/player_stats", "/player_stats", "/player_stats"}));
}

TEST(Report, RefusesANumberOutOfRange) {
  const auto report = read_report(reported(0, {entry(1), entry(2, R"(,"score":1e999)")}));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::invalid_fields);
  EXPECT_EQ(report.error().errors.front().pointer, "/player_stats/1");
}

TEST(ReportHash, IsEqualForEqualContentHoweverItIsWritten) {
  const auto hash = read(reported(1, {entry(1, R"(,"kills":3,"tags":["a","b"])"), entry(2)})).hash;
  EXPECT_EQ(read(reported(1, {entry(2), entry(1, R"(,"tags":["a","b"],"kills":3.0)")})).hash, hash);
  EXPECT_NE(read(reported(0, {entry(1, R"(,"kills":3,"tags":["a","b"])"), entry(2)})).hash, hash);
  EXPECT_NE(read(reported(1, {entry(1, R"(,"kills":4,"tags":["a","b"])"), entry(2)})).hash, hash);
  EXPECT_NE(read(reported(1, {entry(1, R"(,"kills":3,"tags":["b","a"])"), entry(2)})).hash, hash);
  EXPECT_NE(read(reported(std::nullopt, {})).hash, read(reported(0, {})).hash);
  EXPECT_NE(read(reported(std::nullopt, {})).hash, read(void_result()).hash);
}

TEST(ReportHash, KeepsLargeIntegersApart) {
  EXPECT_NE(read(reported(0, {entry(1, R"(,"score":9007199254740993)")})).hash,
            read(reported(0, {entry(1, R"(,"score":9007199254740995)")})).hash);
}

/// A match in this status. If it is cancelled: by `report`, or by the loss of its server if `report` is null.
Match in_status(MatchStatus status, const Report* report = nullptr) {
  auto match = two_on_two();
  match.status = status;
  if (status == MatchStatus::cancelled) match.reason = report ? CancelReason::voided : CancelReason::server_lost;
  if (report != nullptr) match.result_hash = report->hash;
  return match;
}

TEST(Judgement, FollowsTheRowAndTheReport) {
  using enum MatchStatus;
  const auto wins = read(reported(0, {}));
  const auto loses = read(reported(1, {}));
  const auto voids = read(void_result());
  const auto other_void = read(void_result(13));
  Report aborted;  // from a heartbeat
  aborted.voids = true;
  const struct {
    const char* name;
    Match row;
    const Report* report;
    Verdict expected;
  } cases[] = {
      {"result before the server", in_status(allocating), &wins, Verdict::not_yet},
      {"void before the server", in_status(allocating), &voids, Verdict::not_yet},
      {"first result, ready", in_status(ready), &wins, Verdict::accept},
      {"first result, running", in_status(running), &wins, Verdict::accept},
      {"void, ready", in_status(ready), &voids, Verdict::accept},
      {"abort, running", in_status(running), &aborted, Verdict::accept},
      {"the same result", in_status(completed, &wins), &wins, Verdict::repeated},
      {"another result", in_status(completed, &wins), &loses, Verdict::conflict},
      {"void after a result", in_status(completed, &wins), &voids, Verdict::conflict},
      {"abort after a result", in_status(completed, &wins), &aborted, Verdict::over},
      {"the same void", in_status(cancelled, &voids), &voids, Verdict::repeated},
      {"abort after a void", in_status(cancelled, &voids), &aborted, Verdict::repeated},
      {"another void", in_status(cancelled, &voids), &other_void, Verdict::conflict},
      {"result after a void", in_status(cancelled, &voids), &wins, Verdict::conflict},
      {"void after an abort", in_status(cancelled, &aborted), &voids, Verdict::repeated},
      {"result after an abort", in_status(cancelled, &aborted), &wins, Verdict::conflict},
      {"result after the server was lost", in_status(cancelled), &wins, Verdict::over},
      {"void after the server was lost", in_status(cancelled), &voids, Verdict::over},
  };
  for (const auto& c : cases) {
    const auto now = c.row.stored_at + Milliseconds{9'000};
    const auto judged = judge(c.row, *c.report, now);
    EXPECT_EQ(judged.verdict, c.expected) << c.name;
    ASSERT_EQ(judged.end.has_value(), c.expected == Verdict::accept) << c.name;
    if (!judged.end) continue;
    EXPECT_EQ(judged.end->result_hash, c.report->hash) << c.name;
    ASSERT_EQ(std::holds_alternative<MatchCancelled>(judged.end->event), c.report->voids) << c.name;
    const auto event = std::visit([](const auto& e) { return wire::encode(e); }, judged.end->event);
    EXPECT_EQ(event, c.report->voids ? wire::encode(cancelled_event(c.row, CancelReason::voided))
                                     : wire::encode(completed_event(c.row, *c.report, now)))
        << c.name;
  }
}

TEST(RecentView, HasTheEndOfTheMatchForThePlayer) {
  auto match = two_on_two();
  match.status = MatchStatus::completed;
  match.ended_at = match.stored_at + Milliseconds{9'000};
  const auto won = completed_event(match, read(reported(1, {})), *match.ended_at);
  const auto winner = recent_view(match, player(3), won);
  EXPECT_EQ(winner.result, Outcome::win);
  EXPECT_EQ(winner.team, 1);
  EXPECT_EQ(winner.winning_team, 1);
  EXPECT_EQ(winner.duration_seconds, 12.5);
  EXPECT_EQ(winner.ended_at, *match.ended_at);
  EXPECT_FALSE(winner.reason || winner.requeued);
  EXPECT_EQ(recent_view(match, player(1), won).result, Outcome::loss);
  const auto draw = completed_event(match, read(reported(std::nullopt, {})), *match.ended_at);
  EXPECT_EQ(recent_view(match, player(1), draw).result, Outcome::draw);

  match.status = MatchStatus::cancelled;
  match.reason = CancelReason::no_server;
  match.requeue = {ticket('A')};
  const auto back = recent_view(match, player(2), std::nullopt);
  EXPECT_EQ(back.reason, CancelReason::no_server);
  EXPECT_EQ(back.requeued, true);
  EXPECT_FALSE(back.result || back.winning_team || back.duration_seconds);
  EXPECT_EQ(recent_view(match, player(3), std::nullopt).requeued, false);
}

TEST(CompletedEvent, KeepsEveryPlayerWithTheirOwnStatsAndTicket) {
  auto match = two_on_two();
  match.ready_at = match.stored_at + Milliseconds{100};
  const auto report = read(reported(std::nullopt, {entry(3, R"(,"kills":7)"), entry(1), entry(2), entry(4)}));
  const auto event = completed_event(match, report, match.stored_at + Milliseconds{9'000});
  EXPECT_FALSE(event.winning_team.has_value());
  EXPECT_EQ(event.started_at, *match.ready_at);
  EXPECT_EQ(event.ended_at, match.stored_at + Milliseconds{9'000});
  ASSERT_EQ(event.teams.size(), 2U);
  EXPECT_EQ(event.teams[0][1].player_id, player(2));
  EXPECT_EQ(event.teams[0][1].ticket_id, ticket('A'));
  EXPECT_EQ(event.teams[0][1].mmr, 1502);
  EXPECT_EQ(event.teams[0][1].stats.text, "{}");
  EXPECT_EQ(event.teams[1][0].stats.text, R"({"kills":7})");
}

}  // namespace
}  // namespace mm::session
