// The choice of slots on game servers, the number of servers, and the delay between starts.
#include "services/orchestrator/core/slot_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "services/orchestrator/core/start_policy.h"

namespace mm::orchestrator {
namespace {

template <class T>
T number(int value) {
  Uuid uuid;
  uuid.bytes[14] = static_cast<std::uint8_t>(value >> 8);
  uuid.bytes[15] = static_cast<std::uint8_t>(value);
  return T(uuid);
}

ServerId server(int value) { return number<ServerId>(value); }
MatchId match(int value) { return number<MatchId>(value); }

TEST(SlotTable, HasNoSlotWithoutAServerThatAcceptsMatches) {
  SlotTable slots;
  EXPECT_FALSE(slots.assign(match(1)));
  slots.set_accepting(server(1), false);
  EXPECT_FALSE(slots.assign(match(1)));
  slots.set_accepting(server(1), true);
  EXPECT_EQ(slots.assign(match(1)), (ServerSlot{server(1), 0}));
}

TEST(SlotTable, AssignsAMatchTheSameSlotAgain) {
  SlotTable slots;
  slots.set_accepting(server(1), true);
  const auto first = slots.assign(match(1));
  slots.assign(match(2));
  EXPECT_EQ(slots.assign(match(1)), first);
  EXPECT_EQ(slots.used(), 2);
}

TEST(SlotTable, FillsTheFullestServerAndThenTheNext) {
  SlotTable slots;
  slots.set_accepting(server(1), true);
  slots.set_accepting(server(2), true);
  slots.restore(match(1), {server(2), 5});
  for (int i = 2; i <= game::kMatchesPerServer; ++i) EXPECT_EQ(slots.assign(match(i))->server, server(2)) << i;
  EXPECT_EQ(slots.assign(match(100))->server, server(1));
  for (int i = 101; i < 100 + game::kMatchesPerServer; ++i) EXPECT_EQ(slots.assign(match(i))->server, server(1));
  EXPECT_FALSE(slots.assign(match(999)));
  slots.free(match(7));
  EXPECT_EQ(slots.assign(match(999))->server, server(2));
}

TEST(SlotTable, KeepsSlotsOfAServerThatAcceptsNoMoreAndDropsThoseOfARemovedOne) {
  SlotTable slots;
  slots.set_accepting(server(1), true);
  slots.assign(match(1));
  slots.set_accepting(server(1), false);
  EXPECT_TRUE(slots.find(match(1)));
  EXPECT_FALSE(slots.assign(match(2)));
  slots.remove(server(1));
  EXPECT_FALSE(slots.find(match(1)));
  EXPECT_EQ(slots.used(), 0);
}

TEST(SlotTable, RestoreOverridesAnAssignment) {
  SlotTable slots;
  slots.set_accepting(server(1), true);
  const auto mine = slots.assign(match(1));
  slots.restore(match(2), *mine);
  EXPECT_FALSE(slots.find(match(1)));
  EXPECT_EQ(slots.find(match(2)), mine);
  EXPECT_NE(slots.assign(match(1)), mine);
}

TEST(SlotTable, NeverAssignsASlotTwice) {
  EXPECT_TRUE(rc::check("slots are unique and counted", [] {
    SlotTable slots;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 6), rc::gen::inRange(0, 200), rc::gen::inRange(0, 3)));
    for (const auto& [what, which, where] : steps) {
      switch (what) {
        case 0: slots.set_accepting(server(where), which % 4 != 0); break;
        case 1: slots.remove(server(where)); break;
        case 2: slots.free(match(which)); break;
        case 3: slots.restore(match(which), {server(where), which % game::kMatchesPerServer}); break;
        default: slots.assign(match(which));
      }
    }
    std::set<std::pair<ServerId, int>> slots_seen;
    for (const auto assigned_match : slots.matches()) {
      const auto assigned = *slots.find(assigned_match);
      RC_ASSERT(assigned.slot >= 0 && assigned.slot < game::kMatchesPerServer);
      RC_ASSERT(slots_seen.emplace(assigned.server, assigned.slot).second);
    }
    RC_ASSERT(static_cast<int>(slots_seen.size()) == slots.used());
  }));
}

TEST(ServersWanted, IsAtLeastOneAndKeepsSpareSlotsWithinTheLimit) {
  EXPECT_EQ(servers_wanted(0, 8), 1);
  EXPECT_EQ(servers_wanted(48, 8), 1);
  EXPECT_EQ(servers_wanted(49, 8), 2);
  EXPECT_EQ(servers_wanted(112, 8), 2);
  EXPECT_EQ(servers_wanted(10'000, 8), 8);
  EXPECT_EQ(servers_wanted(64, 1), 1);
}

TEST(StartDelay, GrowsWithFailuresUpToALimit) {
  EXPECT_EQ(start_delay(0), Milliseconds{0});
  EXPECT_EQ(start_delay(1), Milliseconds{500});
  EXPECT_EQ(start_delay(3), Milliseconds{2'000});
  EXPECT_EQ(start_delay(100), Milliseconds{10'000});
}

TEST(FreePortOffset, GoesRoundTheRange) {
  const auto none = [](int) { return false; };
  EXPECT_EQ(free_port_offset(0, 4, none), 0);
  EXPECT_EQ(free_port_offset(3, 4, none), 3);
  EXPECT_EQ(free_port_offset(5, 4, none), 1);
  EXPECT_EQ(free_port_offset(3, 4, [](int offset) { return offset != 1; }), 1);
  EXPECT_EQ(free_port_offset(0, 4, [](int) { return true; }), -1);
}

}  // namespace
}  // namespace mm::orchestrator
