#include "common/storage/watchdog.h"

#include <sys/socket.h>

namespace mm::storage {
namespace {

constexpr Seconds kIdle{60};

}  // namespace

Watchdog::Watchdog() : next_check_(std::chrono::steady_clock::now() + kIdle), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Watchdog::Guard::Guard(Watchdog& watchdog, int socket, Deadline deadline) : watchdog_(watchdog) {
  const MutexLock lock(watchdog_.mutex_);
  place_ = watchdog_.sockets_.emplace(deadline.when(), socket);
  // Most watches end long before their deadline. The thread is woken only for a deadline before its next check.
  if (deadline.when() < watchdog_.next_check_) watchdog_.wake_.notify_one();
}

Watchdog::Guard::~Guard() {
  const MutexLock lock(watchdog_.mutex_);
  watchdog_.sockets_.erase(place_);
}

void Watchdog::run() {
  MutexLock lock(mutex_);
  while (!ending_) {
    const auto now = std::chrono::steady_clock::now();
    next_check_ = now + kIdle;
    for (auto& [when, socket] : sockets_) {
      if (when > now) {
        next_check_ = std::min(next_check_, when);
        break;
      }
      if (socket >= 0) shutdown(socket, SHUT_RDWR);
      socket = -1;
    }
    wake_.wait_until(lock, next_check_);
  }
}

}  // namespace mm::storage
