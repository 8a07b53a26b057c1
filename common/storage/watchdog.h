// Ends blocking calls on sockets: libpq waits for ever for a server that neither answers nor goes away. Private to
// common/storage. Thread-safe; one thread.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "common/base/clock.h"

namespace mm::storage {

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Until its end: at the deadline the socket is shut down, so that whoever waits on it sees it closed.
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

  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<SteadyPoint, int> sockets_;  // by deadline; protected by mutex_; -1 once shut down
  SteadyPoint next_look_;                    // protected by mutex_
  bool ending_ = false;                      // protected by mutex_
  std::thread thread_;
};

}  // namespace mm::storage
