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
  class Watch {
   public:
    Watch(Watchdog& dog, int socket, Deadline deadline);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Watchdog& dog_;
    std::multimap<SteadyPoint, int>::iterator place_;
  };

 private:
  void run();

  Mutex mutex_;
  Condition wake_;
  std::multimap<SteadyPoint, int> sockets_ GUARDED_BY(mutex_);  // by deadline; value -1 after the shutdown
  SteadyPoint next_look_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mm::storage
