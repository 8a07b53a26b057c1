// Tests of the decision whether a store has gone back: a table, and a model of matchmakers, queue and database that are
// replaced by copies of earlier states.
#include "services/matchmaker/generation/verdict.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace mm::matchmaker {
namespace {

GenerationId id_of(int number) {
  Uuid id;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return GenerationId(id);
}

using Known = std::optional<QueueGeneration>;
const Known kNone;
Known of(int id, std::int64_t number, std::int64_t mark) { return QueueGeneration{id_of(id), number, mark}; }

TEST(Verdict, FollowsFromTheGenerationsOfQueueAndDatabase) {
  struct Row {
    const char* what;
    Known queue, database, seen;
    Verdict verdict;
  };
  const std::vector<Row> rows{
      {"a new installation", kNone, kNone, kNone, Verdict::first},
      {"the same mark", of(1, 3, 70), of(1, 3, 70), kNone, Verdict::same},
      {"a mark that was not recorded yet", of(1, 3, 71), of(1, 3, 70), kNone, Verdict::same},
      {"an empty queue", kNone, of(1, 3, 70), kNone, Verdict::empty},
      {"an empty queue and an empty database", kNone, kNone, of(1, 3, 70), Verdict::empty},
      {"an older mark", of(1, 3, 69), of(1, 3, 70), kNone, Verdict::older},
      {"an older generation with more marks", of(1, 2, 90), of(2, 3, 70), kNone, Verdict::older},
      {"older than this process has seen", of(1, 3, 70), of(1, 3, 70), of(1, 3, 71), Verdict::older},
      {"another installation", of(1, 3, 70), of(2, 3, 70), kNone, Verdict::foreign},
      {"an older database", of(1, 3, 72), of(1, 3, 70), kNone, Verdict::newer},
      {"a database of an older generation", of(2, 4, 1), of(1, 3, 70), kNone, Verdict::newer},
      {"an empty database", of(1, 3, 70), kNone, kNone, Verdict::newer},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(text_of(verdict_on({row.queue, row.database, row.seen})), text_of(row.verdict)) << row.what;
  }
}

TEST(Verdict, TheNextGenerationFollowsAllThatAreKnown) {
  EXPECT_EQ(next_generation(id_of(9), {kNone, kNone, kNone}), *of(9, 1, 0));
  EXPECT_EQ(next_generation(id_of(9), {kNone, of(1, 3, 70), kNone}), *of(9, 4, 71));
  EXPECT_EQ(next_generation(id_of(9), {of(2, 7, 1), of(1, 3, 70), of(1, 2, 99)}), *of(9, 8, 100));
}

/// The queue and the database, each with the marks that were ever written to the present one, and a matchmaker that may
/// die between any two steps.
struct Model {
  struct Store {
    Known generation;
    std::set<std::pair<std::int64_t, std::int64_t>> written;  ///< the numbers and marks that it contains

    void write(const QueueGeneration& next) {
      generation = next;
      written.insert({next.number, next.mark});
    }
  };
  Store queue, database;

  /// Whether the database has confirmed a mark that the queue does not contain.
  bool queue_lost_something() const {
    for (const auto& mark : database.written) {
      if (!queue.written.contains(mark)) return true;
    }
    return false;
  }
  /// The step of raise_mark() in the queue, and the step in the database.
  void raise() {
    if (queue.generation && queue.generation == database.generation)
      queue.write({queue.generation->id, queue.generation->number, queue.generation->mark + 1});
  }
  void record() {
    const auto& next = queue.generation;
    if (next && database.generation && database.generation->id == next->id &&
        database.generation->mark == next->mark - 1) {
      database.write(*next);
    }
  }
  void begin(int id) {
    const auto next = next_generation(id_of(id), {queue.generation, database.generation, {}});
    database.write(next);
    // The matches of the database are in the queue now, so the queue contains everything that counts.
    queue.written = database.written;
    queue.write(next);
  }
};

RC_GTEST_PROP(VerdictProperty, NeverGoesOnWithAQueueThatLostSomething, ()) {
  Model model;
  std::vector<Model> copies;
  bool restored = false;
  int generations = 0;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, unsigned>>>(
      rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::inRange(0U, 1000U)));
  for (const auto& [step, choice] : steps) {
    if (step < 4) model.raise();
    else if (step < 8) model.record();
    else if (step == 8) copies.push_back(model);
    else if (step == 9) model.queue = {};
    else if (step == 10 && !copies.empty()) model.queue = copies[choice % copies.size()].queue;
    restored = restored || step == 9 || step == 10;
    if (step != 11) continue;
    const auto verdict = verdict_on({model.queue.generation, model.database.generation, {}});
    if (model.queue_lost_something()) {
      RC_ASSERT(verdict != Verdict::same);
      RC_ASSERT(verdict != Verdict::first);
    }
    if (!restored) {
      RC_ASSERT(verdict == Verdict::same || (verdict == Verdict::first && generations == 0));
    }
    if (verdict != Verdict::same) model.begin(++generations % 250);
    restored = false;
    RC_ASSERT(!model.queue_lost_something());
  }
}

RC_GTEST_PROP(VerdictProperty, SeesADatabaseThatWentBackByMoreThanOneMark, ()) {
  const auto number = *rc::gen::inRange(1, 1000);
  const auto mark = *rc::gen::inRange(0, 100'000);
  const auto ahead = *rc::gen::inRange(2, 1000);
  RC_ASSERT(verdict_on({of(1, number, mark + ahead), of(1, number, mark), {}}) == Verdict::newer);
}

}  // namespace
}  // namespace mm::matchmaker
