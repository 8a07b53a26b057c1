// Watchdog: ends blocking calls on sockets, because libpq waits without limit for a server that does not answer.
// Private to common/storage. Thread-safe; has one thread.
#pragma once

#include <map>
#include <thread>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::storage {

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// While this object exists, the socket is shut down when the deadline passes, which ends calls that wait on it.
  class Guard {
   public:
    Guard(Watchdog& watchdog, int socket, Deadline deadline);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& watchdog_;
    std::multimap<SteadyPoint, int>::iterator place_;
  };

 private:
  void run();

  Mutex mutex_;
  Condition wake_;
  std::multimap<SteadyPoint, int> sockets_ GUARDED_BY(mutex_);  // by deadline; value -1 after the shutdown
  SteadyPoint next_check_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mm::storage
