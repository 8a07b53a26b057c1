// Tests that lobby reloads the file of modes when it changes.
#include <gtest/gtest.h>

#include "common/testing/own_file.h"
#include "tests/integration/lobby/stack.h"

namespace mm::lobby {
namespace {

using namespace testing;

TEST(ModeFile, AppliesToTheNextRequests) {
  const OwnFile file("[[mode]]\nid = \"casual\"\n");
  StackOptions options;
  options.modes_file = file.path();
  Stack stack(options);
  const Gamer ada(stack), bob(stack);
  EXPECT_EQ(refusal(ada.queue_alone("arena")), Code::unknown_mode);
  file.replace("[[mode]]\nid = \"casual\"\nteam_sizes = [2]\n[[mode]]\nid = \"arena\"\n");
  EXPECT_TRUE(eventually([&] { return ada.queue_alone("arena").ok(); }));
  EnterQueue request;
  request.mode = *Mode::parse("casual");
  request.team_size = 5;
  EXPECT_EQ(refusal(bob.send(request)), Code::invalid_team_size);
  // A broken file changes nothing.
  file.replace("[[mode]]\nid = \"casual\"\nteam_sizes = []\n");
  EXPECT_TRUE(eventually([&] { return stack.metric("mm_modes_refused") == 1; }));
  request.team_size = 2;
  EXPECT_TRUE(bob.send(request).ok());
}

}  // namespace
}  // namespace mm::lobby
