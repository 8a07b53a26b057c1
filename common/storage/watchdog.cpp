#include "common/storage/watchdog.h"

#include <sys/socket.h>

namespace mm::storage {
namespace {

constexpr Seconds kIdle{60};

}  // namespace

Watchdog::Watchdog() : next_look_(std::chrono::steady_clock::now() + kIdle), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog& dog, int socket, Deadline deadline) : dog_(dog) {
  const MutexLock lock(dog_.mutex_);
  place_ = dog_.sockets_.emplace(deadline.when(), socket);
  // Most watches end long before their deadline. The thread is woken only for a deadline before its next check.
  if (deadline.when() < dog_.next_look_) dog_.wake_.notify_one();
}

Watchdog::Watch::~Watch() {
  const MutexLock lock(dog_.mutex_);
  dog_.sockets_.erase(place_);
}

void Watchdog::run() {
  MutexLock lock(mutex_);
  while (!ending_) {
    const auto now = std::chrono::steady_clock::now();
    next_look_ = now + kIdle;
    for (auto& [when, socket] : sockets_) {
      if (when > now) {
        next_look_ = std::min(next_look_, when);
        break;
      }
      if (socket >= 0) shutdown(socket, SHUT_RDWR);
      socket = -1;
    }
    wake_.wait_until(lock, next_look_);
  }
}

}  // namespace mm::storage
