// Tests of a matchmaker whose Redis "queue" has little memory left.
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

TEST(LittleMemory, NewTicketsAreRefusedAndQueuedOnesAreMatchedOrCancelled) {
  World world({"--maxmemory", "16mb"});
  world.session.set_verifying(false);  // until the queue is verified, tickets wait and no match is committed
  const auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  const auto first = request_of(tenant, "duel", 1, {1500});
  const auto second = request_of(tenant, "duel", 1, {1500});
  const auto third = request_of(tenant, "ranked", 5, {1500});
  for (const auto& request : {first, second, third}) ASSERT_TRUE(world.send(request));
  for (int i = 0; i < 12; ++i) {
    world.redis_command({"SET", "mm:{x}:ticket:" + std::to_string(i), std::string(1'000'000, 'x')});
  }
  ASSERT_TRUE(eventually([&] { return instance->metric("mm_store_refuses_new_work{store=\"redis_queue\"}") == 1; }));

  const auto refused = world.send(request_of(tenant, "duel", 1, {1500}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(refused.error().retry_after_seconds, 5);
  EXPECT_GE(instance->metric("mm_new_work_refused_total{store=\"redis_queue\"}"), 1);

  CancelTicket cancel;
  cancel.tenant = tenant;
  cancel.ticket_id = *third.ticket_id;
  EXPECT_TRUE(world.send(cancel));
  world.session.set_verifying(true);
  EXPECT_TRUE(eventually([&] { return world.published.match_of(*first.ticket_id).has_value(); }, Milliseconds{20'000}));
  EXPECT_TRUE(eventually([&] { return instance->ready(); }, Milliseconds{20'000}));
}

}  // namespace
}  // namespace mm::matchmaker
