// Tests of the command mm-sim explain: its sources, its output, what it refuses, and that its check distinguishes true
// claims from false ones.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "common/wire/codec.h"
#include "services/matchmaker/matching/explain/explain.h"
#include "services/simulator/analysis/claims.h"
#include "services/simulator/analysis/queue_source.h"
#include "services/simulator/commands/explain.h"
#include "services/simulator/commands/explain_text.h"
#include "services/simulator/commands/record.h"
#include "services/simulator/crowd/population_file.h"

namespace mm::simulator {
namespace {

struct CommandResult {
  int status = 0;
  std::string out;
  std::string err;
};

class ExplainCommand : public ::testing::Test {
 protected:
  ExplainCommand() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mm-sim-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ExplainCommand() override { std::filesystem::remove_all(folder_); }

  static CommandResult call(int (*command)(Words), const std::vector<std::string>& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    CommandResult result;
    result.status = command(views);
    result.out = ::testing::internal::GetCapturedStdout();
    result.err = ::testing::internal::GetCapturedStderr();
    return result;
  }
  static CommandResult explain(const std::vector<std::string>& words) { return call(run_explain, words); }

  /// Records two minutes of 400 players and returns the path of the file.
  std::string recording() const {
    const std::string path = folder_ + "/evening.mmrec";
    EXPECT_EQ(call(run_record, {"--players", "400", "--minutes", "2", path}).status, kExitFine);
    return path;
  }

  std::string folder_;
};

Explanation explain_slot(const QueueView& queue, matching::Slot slot) {
  return matching::explain(matching::copy_neighbourhood(queue.pool, queue.now, queue.memory, slot), queue.ticks);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(ExplainCommand, ExplainsTheLongestWaitingTicketsOfAPopulationAndChecksThem) {
  const CommandResult result = explain({"--population", "evening-1v1", "--at", "5:00", "--longest", "3", "--check"});
  EXPECT_EQ(result.status, kExitFine) << result.err;
  EXPECT_TRUE(has(result.out, "duel:eu-west:1 at 5:00.0: ")) << result.out;
  EXPECT_TRUE(has(result.out, "nearest: rating"));
  EXPECT_TRUE(has(result.out, "check: "));
  EXPECT_TRUE(has(result.out, ": true\n"));
  EXPECT_FALSE(has(result.out, "NOT TRUE"));
}

TEST_F(ExplainCommand, ExplainsATicketOfARecordingById) {
  const std::string path = recording();
  const CommandResult longest = explain({path, "--at", "1:30", "--json"});
  ASSERT_EQ(longest.status, kExitFine) << longest.err;
  const auto first = wire::decode<Explanation>(longest.out.substr(0, longest.out.find('\n')), wire::Unknown::refused);
  ASSERT_TRUE(first.ok()) << longest.out;
  EXPECT_FALSE(first->summary.empty());
  const CommandResult by_id = explain({path, "--at", "90", "--ticket", first->ticket_id.to_string(), "--json"});
  EXPECT_TRUE(has(longest.out, by_id.out)) << "both calls explain the ticket in the same way";
  EXPECT_EQ(std::count(by_id.out.begin(), by_id.out.end(), '\n'), 1);
}

TEST_F(ExplainCommand, ExplainsTheEndOfARecordingByDefault) {
  const std::string path = recording();
  EXPECT_TRUE(has(explain({path}).out, " at 2:00.0: "));
  const CommandResult many =
      explain({path, "--at", "0:30", "--looks", "8", "--every", "10", "--sample", "100", "--check", "--figures"});
  EXPECT_EQ(many.status, kExitFine) << many.err;
  EXPECT_TRUE(has(many.out, "untrue: 0")) << many.out;
  EXPECT_TRUE(has(many.out, "definite: ")) << many.out;
}

TEST_F(ExplainCommand, NamesTheArgumentThatItRefuses) {
  const std::string path = recording();
  const auto refused = [](const std::vector<std::string>& words, int status, const std::string& name) {
    const CommandResult result = explain(words);
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_TRUE(has(result.err, name)) << result.err;
    EXPECT_EQ(result.out, "");
  };
  refused({}, kExitBadInput, "takes a recording, or --population");
  refused({path, "--at", "soon"}, kExitBadInput, "--at takes seconds");
  refused({path, "--at", "-3"}, kExitBadInput, "--at takes seconds");
  refused({path, "--at", "900"}, kExitBadInput, "--at: the recording ends after 120.0 s");
  refused({path, "--ticket", "me"}, kExitBadInput, "--ticket takes the id of a ticket, not me");
  refused({path, "--ticket", "0190d5e0-7c00-7abc-8def-0123456789ab"}, kExitBadInput, "--ticket: 0190d5e0");
  refused({path, "--queue", "nobodys"}, kExitBadInput, "--queue: no ticket waits in a queue with nobodys");
  refused({path, "--players", "30"}, kExitBadInput, "--players needs --population");
  refused({path, "--longest", "0"}, kExitBadInput, "--longest takes a number");
  refused({path, "--looks", "x"}, kExitBadInput, "--looks takes a number");
  refused({"--population", "nowhere"}, kExitBadInput, "nowhere");
  refused({"--population", "club-1v1", folder_ + "/missing.toml"}, kExitBadInput, "missing.toml");
  refused({folder_ + "/missing.mmrec"}, kExitBadInput, "missing.mmrec");
  refused({"--chek"}, kExitUsage, "did you mean --check?");
}

/// Each explanation passes the check, but does not pass any more when its claims are altered.
TEST_F(ExplainCommand, TheCheckFindsFalseClaims) {
  const auto population = load_population("evening-1v1");
  ASSERT_TRUE(population.ok());
  ModeRules rules;
  rules.id = *Mode::parse("duel");
  int looked = 0;
  look_at_population(*population, rules, 1, {300'000, 10'000, 10}, [&](const Look& seen) {
    for (const QueueView& queue : seen.queues) {
      const Standstill still(queue);
      const auto ends = still.play_on(queue.now + 700'000);
      queue.pool.sorted().for_each([&](const matching::Waiter& waiter) {
        ++looked;
        const Explanation explanation = explain_slot(queue, waiter.slot);
        for (const Claim& claim : check_claims(explanation, still, ends)) EXPECT_TRUE(claim.is_true) << claim.finding;
        Explanation later = explanation;
        if (later.forecast->outcome != WaitOutcome::unknown) {
          later.forecast->in_seconds += 0.1;
          EXPECT_FALSE(check_claims(later, still, ends).front().is_true);
          EXPECT_TRUE(has(check_claims(later, still, ends).front().finding, "NOT TRUE, it"));
        }
        if (explanation.matched_now_with_window && *explanation.matched_now_with_window > 1) {
          Explanation narrower = explanation;
          narrower.matched_now_with_window = 1;
          narrower.matched_now_with.reset();
          EXPECT_FALSE(check_claims(narrower, still, ends).back().is_true);
        }
        if (explanation.matched_now_with) {
          Explanation elsewhere = explanation;
          elsewhere.matched_now_with_window.reset();
          elsewhere.matched_now_with->rating += 1'000;
          EXPECT_FALSE(check_claims(elsewhere, still, ends).back().is_true);
        }
      });
    }
  });
  EXPECT_GT(looked, 6);
}

TEST_F(ExplainCommand, PrintsEachRuleWithItsValueLimitAndMargin) {
  Explanation explanation;
  explanation.summary = "So it is.";
  explanation.rating = 1500;
  NearTicket near;
  near.rating = 1740.5;
  near.players = 2;
  near.waited_ms = 4'000;
  near.checks = {{PairRule::your_window, 240.5, 160, -80.5},
                 {PairRule::their_window, 240.5, 300, 59.5},
                 {PairRule::region, 18, 0, -18},
                 {PairRule::players, 7, 10, -3}};
  explanation.nearest = {near};
  const std::string text = explanation_text(explanation);
  EXPECT_TRUE(has(text, "So it is.\n")) << text;
  EXPECT_TRUE(has(text, "240.5 / 160 (-80.5)")) << text;
  EXPECT_TRUE(has(text, "240.5 / 300 (+59.5)")) << text;
  EXPECT_TRUE(has(text, "in 18 s")) << text;
  EXPECT_TRUE(has(text, "7 / 10 (-3)")) << text;
  EXPECT_TRUE(has(text, "never")) << text;
  EXPECT_FALSE(has(text, "sizes")) << "there is no column for a rule without values";
}

}  // namespace
}  // namespace mm::simulator
