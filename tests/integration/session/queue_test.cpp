// Tests of what session does for an empty or older Redis "queue": the recorded generation, and the pages of open
// matches.
#include <gtest/gtest.h>

#include "common/contracts/queue_generation.h"
#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

class Queue : public SessionTest {
 protected:
  Queue() { world_.database.rows("DELETE FROM session.queue_generation"); }

  Reply<RecordedGeneration> record(const std::optional<QueueGeneration>& generation, const Caller& caller = {}) {
    return world_.bus->request(RecordGeneration{generation}, caller, soon());
  }
  std::optional<QueueGeneration> recorded() { return record(std::nullopt)->generation; }
  Reply<OpenMatches> open_matches(std::optional<MatchId> after = {}, const Caller& caller = {}) {
    return world_.bus->request(ListOpenMatches{after}, caller, soon());
  }
  std::vector<MatchId> all_open(std::size_t& pages) {
    std::vector<MatchId> ids;
    std::optional<MatchId> after;
    pages = 0;
    do {
      const auto page = open_matches(after);
      EXPECT_TRUE(page.ok());
      if (!page) break;
      ++pages;
      for (const auto& match : page->matches) ids.push_back(match.match_id);
      after = page->next;
    } while (after);
    return ids;
  }

  const QueueGeneration first_{GenerationId::fresh(SystemClock{}.now()), 1, 0};
  FakeOrchestrator orchestrator_{*world_.bus, world_.metrics, 1000};
  Instance instance_{world_};
};

TEST_F(Queue, HasNoGenerationAtFirstAndTakesTheOneThatComes) {
  const auto none = record(std::nullopt);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->generation.has_value());
  const auto stored = record(first_);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->generation, first_);
  EXPECT_LT(std::chrono::abs(*stored->marked_at - SystemClock{}.now()), Seconds(60));
  EXPECT_EQ(recorded(), first_);
}

TEST_F(Queue, TakesTheNextMarkAndALaterGenerationAndNothingElse) {
  ASSERT_TRUE(record(first_).ok());
  auto next = first_;
  next.mark = 1;
  EXPECT_EQ(record(next)->generation, next);
  EXPECT_EQ(record(next)->generation, next) << "the same again";
  const auto refuse = [&](const QueueGeneration& generation) {
    EXPECT_EQ(record(generation)->generation, next) << generation.number << " " << generation.mark;
  };
  refuse(first_);
  refuse({first_.id, 1, 3});  // the mark 2 is missing: this database is older than the queue
  const auto other = GenerationId::fresh(SystemClock{}.now());
  refuse({other, 1, 2});
  const QueueGeneration second{other, 2, 0};
  EXPECT_EQ(record(second)->generation, second);
  EXPECT_EQ(record(next)->generation, second) << "of two that begin a generation, the first one wins";
}

TEST_F(Queue, ListsTheMatchesThatAreNotOverInPages) {
  const auto over = ready_match();
  ASSERT_TRUE(send_heartbeat(over.match_id).ok());
  ASSERT_TRUE(report(result_of(over, 0)).ok());
  std::set<MatchId> open;
  // Four matches of 600 players need two pages of at most 2,000 players.
  std::optional<MatchFound> large;
  for (int i = 0; i < 4; ++i) {
    large = fresh_match(std::vector<std::size_t>(6, 100));
    large->mode = *Mode::parse("unlisted");  // an unknown mode may have any number of teams
    large->team_size = 100;
    publish(*large);
    open.insert(large->match_id);
  }
  for (const auto& match : open) ASSERT_TRUE(becomes(match, MatchStatus::ready));
  std::size_t pages = 0;
  const auto listed = all_open(pages);
  EXPECT_EQ(std::set<MatchId>(listed.begin(), listed.end()), open);
  EXPECT_EQ(listed.size(), open.size());
  EXPECT_EQ(pages, 2U);
  // The listed match is the found one, except for what session does not store.
  const auto last = open_matches(listed[2]);
  ASSERT_EQ(last->matches.size(), 1U);
  auto expected = *large;
  expected.quality = expected.mmr_spread = 0;
  EXPECT_EQ(wire::encode(last->matches[0]), wire::encode(expected));
}

TEST_F(Queue, AnswersDaemonsOnly) {
  const auto player = as_player(PlayerId::fresh(SystemClock{}.now()));
  EXPECT_EQ(record(first_, player).error().code, Code::forbidden);
  EXPECT_EQ(open_matches({}, player).error().code, Code::forbidden);
  EXPECT_FALSE(recorded().has_value());
}

}  // namespace
}  // namespace mm::session
