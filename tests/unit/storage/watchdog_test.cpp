// Tests of the watchdog, which shuts down a socket when the deadline of the call on it passes.
#include "common/storage/watchdog.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace mm::storage {
namespace {

class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  ~SocketPair() {
    close(ends_[0]);
    close(ends_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  int mine() const { return ends_[0]; }
  /// Blocks until a read returns. True if it returned the end of the stream.
  bool reaches_its_end() const {
    char byte = 0;
    return recv(ends_[0], &byte, 1, 0) == 0;
  }
  bool is_open() const {
    pollfd looked{ends_[0], POLLIN, 0};
    return poll(&looked, 1, 0) == 0;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(Watchdog, EndsABlockingReadAtTheDeadline) {
  Watchdog watchdog;
  const SocketPair pair;
  const auto deadline = Deadline::after(Milliseconds{30});
  const Watchdog::Guard guard(watchdog, pair.mine(), deadline);
  EXPECT_TRUE(pair.reaches_its_end());
  EXPECT_TRUE(deadline.passed());
}

TEST(Watchdog, HandlesADeadlineEarlierThanAllBefore) {
  Watchdog watchdog;
  const SocketPair slow;
  const SocketPair quick;
  const Watchdog::Guard long_guard(watchdog, slow.mine(), Deadline::after(Milliseconds{60'000}));
  const Watchdog::Guard short_guard(watchdog, quick.mine(), Deadline::after(Milliseconds{10}));
  EXPECT_TRUE(quick.reaches_its_end());
  EXPECT_TRUE(slow.is_open());
}

TEST(Watchdog, DoesNotTouchASocketWhoseCallEndedInTime) {
  Watchdog watchdog;
  const SocketPair done;
  const SocketPair late;
  { const Watchdog::Guard guard(watchdog, done.mine(), Deadline::after(Milliseconds{20})); }
  const Watchdog::Guard guard(watchdog, late.mine(), Deadline::after(Milliseconds{40}));
  EXPECT_TRUE(late.reaches_its_end());
  EXPECT_TRUE(done.is_open());
}

}  // namespace
}  // namespace mm::storage
