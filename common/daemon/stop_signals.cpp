#include "common/daemon/stop_signals.h"

#include <pthread.h>
#include <signal.h>

#include <cstdlib>

#include "common/runtime/log.h"

namespace mm::daemon {
namespace {

// Signal that wakes the waiting thread when the object is destroyed.
constexpr int kWake = SIGUSR2;

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, kWake);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const auto set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { run(); });
}

StopSignals::~StopSignals() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), kWake);
  thread_.join();
}

void StopSignals::wait(Milliseconds time) {
  MutexLock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return requested_.load(); });
}

void StopSignals::run() {
  const auto set = watched();
  while (!ending_) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0 || signal == kWake) continue;
    if (requested_.exchange(true)) {
      log::warning("stopped_at_once", {{"signal", signal}});
      std::_Exit(128 + signal);
    }
    log::info("stop_requested", {{"signal", signal}});
    const MutexLock lock(mutex_);
    changed_.notify_all();
  }
}

}  // namespace mm::daemon
