// Tests of a lobby whose Redis "queue" has little memory left, or takes no writes.
#include <gmock/gmock.h>

#include "common/testing/wait.h"
#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

StackOptions with_little_memory() {
  StackOptions options;
  options.queue_arguments = {"--maxmemory", "16mb"};
  return options;
}

class LittleMemory : public ::testing::Test {
 protected:
  std::string filler(int i) { return "mm:{default}:ticket:filler" + std::to_string(i); }
  bool store(int i) { return stack_.queue.command({"SET", filler(i), std::string(1'000'000, 'x')}, soon()).ok(); }

  Stack stack_{with_little_memory()};
};

TEST_F(LittleMemory, NewPartiesAndTicketsAreRefusedAndOldOnesCanBeLeft) {
  const Gamer ada(stack_), bob(stack_), eve(stack_);
  const auto party = ada.create();
  ASSERT_TRUE(party);
  ASSERT_TRUE(ada.ready(party->party_id));
  const auto ticket = eve.queue_alone();
  ASSERT_TRUE(ticket);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(store(i));
  ASSERT_TRUE(eventually([&] { return stack_.metric("mm_store_refuses_new_work{store=\"redis_queue\"}") == 1; }));

  const auto refused = bob.create();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("memory is short"));
  EXPECT_EQ(refused.error().retry_after_seconds, 5);
  EXPECT_FALSE(bob.join(party->party_id));
  EXPECT_FALSE(ada.queue(party->party_id));
  EXPECT_TRUE(stack_.ready());

  EXPECT_TRUE(ada.see(party->party_id));
  EXPECT_TRUE(ada.ready(party->party_id, false));
  EXPECT_TRUE(ada.leave(party->party_id));
  EXPECT_TRUE(eve.cancel(ticket->ticket_id));

  for (int i = 0; i < 12; ++i) ASSERT_TRUE(stack_.queue.command({"DEL", filler(i)}, soon()));
  EXPECT_TRUE(eventually([&] { return bob.create().ok(); }));
}

TEST_F(LittleMemory, WithoutAnyTheLobbyIsUnready) {
  // Redis checks its memory before a command, not after it.
  ASSERT_TRUE(stack_.queue.command({"SETRANGE", filler(0), "20000000", "x"}, soon()));
  EXPECT_TRUE(eventually([&] { return !stack_.ready(); }));
  ASSERT_TRUE(stack_.queue.command({"DEL", filler(0)}, soon()));
  EXPECT_TRUE(eventually([&] { return stack_.ready(); }));
}

}  // namespace
}  // namespace mm::testing
