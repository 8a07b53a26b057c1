// The functions of the C library that create threads, wait, and read clocks, replaced for a program that links this
// file. While no simulator exists, clocks and sleeping are those of the operating system, and threads cannot be
// created. The standard library of C++ calls these functions, also from inside its shared library.
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "common/base/result.h"
#include "tests/simulation/engine/simulator.h"

namespace mm::simulation {
namespace {

Simulator& simulator() {
  check(Simulator::current() != nullptr, "a wait outside of a simulation");
  return *Simulator::current();
}

Nanoseconds duration_of(const timespec& time) { return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec); }

timespec timespec_of(Nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((time - seconds).count())};
}

/// Monotonic clocks of the simulation start at this value, so that no time point is near zero.
constexpr Nanoseconds kMonotonicStart = std::chrono::hours(1);

/// When `time` on that clock is, in time since the start of the simulation.
Nanoseconds elapsed_at(clockid_t clock, const timespec& time) {
  auto& now = simulator();
  const auto at = duration_of(time);
  return clock == CLOCK_REALTIME ? now.elapsed() + (at - now.wall()) : at - kMonotonicStart;
}

void forget(const void* object, Fiber* fiber) {
  const auto found = simulator().waiting.find(object);
  if (found == simulator().waiting.end()) return;
  std::erase(found->second, fiber);
  if (found->second.empty()) simulator().waiting.erase(found);
}

bool is_recursive(const pthread_mutex_t* mutex) { return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE; }

/// Identifies the holder of a mutex. Code outside of fibers has the number 1, as no fiber is at that address.
int holder_id(const Fiber* fiber) {
  const auto address = reinterpret_cast<std::uintptr_t>(fiber);
  return fiber == nullptr ? 1 : static_cast<int>((address >> 4) & 0x7FFFFFFF);
}

int lock(pthread_mutex_t* mutex) {
  auto* const fiber = Simulator::current() != nullptr ? Simulator::current()->fiber() : nullptr;
  auto& data = mutex->__data;
  while (data.__lock != 0) {
    if (is_recursive(mutex) && data.__owner == holder_id(fiber)) {
      ++data.__count;
      return 0;
    }
    check(fiber != nullptr, "a lock is held by a thread that waits");
    simulator().waiting[mutex].push_back(fiber);
    simulator().park();
  }
  data.__lock = 1;
  data.__owner = holder_id(fiber);
  return 0;
}

int unlock(pthread_mutex_t* mutex) {
  auto& data = mutex->__data;
  if (is_recursive(mutex) && data.__count > 0) {
    --data.__count;
    return 0;
  }
  data.__lock = 0;
  data.__owner = 0;
  if (Simulator::current() == nullptr) return 0;
  const auto found = simulator().waiting.find(mutex);
  if (found == simulator().waiting.end()) return 0;
  for (auto* fiber : found->second) simulator().wake(fiber);
  simulator().waiting.erase(found);
  return 0;
}

int wait(pthread_cond_t* condition, pthread_mutex_t* mutex, Nanoseconds until) {
  auto* const fiber = simulator().fiber();
  simulator().waiting[condition].push_back(fiber);
  unlock(mutex);
  const bool woken = simulator().park(until);
  if (!woken) forget(condition, fiber);
  lock(mutex);
  return woken ? 0 : ETIMEDOUT;
}

// Which waiter wakes is random, as POSIX leaves it open.
int notify(pthread_cond_t* condition, bool all) {
  if (Simulator::current() == nullptr) return 0;
  const auto found = simulator().waiting.find(condition);
  if (found == simulator().waiting.end()) return 0;
  auto& fibers = found->second;
  if (all) {
    for (auto* fiber : fibers) simulator().wake(fiber);
    fibers.clear();
  } else {
    const auto chosen = fibers.begin() + static_cast<std::ptrdiff_t>(simulator().random().below(fibers.size()));
    simulator().wake(*chosen);
    fibers.erase(chosen);
  }
  if (fibers.empty()) simulator().waiting.erase(found);
  return 0;
}

}  // namespace
}  // namespace mm::simulation

using namespace mm::simulation;  // NOLINT: the functions below have the names of the C library

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t*, void* (*work)(void*), void* argument) {
  auto& now = simulator();
  *thread = now.start(now.process(), [work, argument] { work(argument); });
  return 0;
}
int pthread_join(pthread_t thread, void**) {
  simulator().join(thread);
  return 0;
}
int pthread_detach(pthread_t) { return 0; }

int pthread_mutex_lock(pthread_mutex_t* mutex) { return lock(mutex); }
int pthread_mutex_trylock(pthread_mutex_t* mutex) { return mutex->__data.__lock != 0 ? EBUSY : lock(mutex); }
int pthread_mutex_unlock(pthread_mutex_t* mutex) { return unlock(mutex); }

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return wait(condition, mutex, Nanoseconds::max());
}
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  return wait(condition, mutex, elapsed_at(CLOCK_REALTIME, *until));
}
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  return wait(condition, mutex, elapsed_at(clock, *until));
}
int pthread_cond_signal(pthread_cond_t* condition) { return notify(condition, false); }
int pthread_cond_broadcast(pthread_cond_t* condition) { return notify(condition, true); }

int clock_gettime(clockid_t clock, timespec* time) {
  auto* const now = Simulator::current();
  if (now == nullptr || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  }
  *time = timespec_of(clock == CLOCK_REALTIME ? now->wall() : now->elapsed() + kMonotonicStart);
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec*) {
  auto& now = simulator();
  const auto until = (flags & TIMER_ABSTIME) != 0 ? elapsed_at(clock, *time) - now.elapsed() : duration_of(*time);
  now.sleep(until);
  return 0;
}
int nanosleep(const timespec* time, timespec*) {
  simulator().sleep(duration_of(*time));
  return 0;
}
int sched_yield() {
  simulator().sleep(Nanoseconds{0});
  return 0;
}

ssize_t getrandom(void* buffer, size_t bytes, unsigned int flags) {
  auto* const now = Simulator::current();
  if (now == nullptr) return static_cast<ssize_t>(::syscall(SYS_getrandom, buffer, bytes, flags));
  auto* const out = static_cast<unsigned char*>(buffer);
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<unsigned char>(now->random().next());
  return static_cast<ssize_t>(bytes);
}

}  // extern "C"

// The number of threads that a daemon starts must not depend on the machine.
unsigned int std::thread::hardware_concurrency() noexcept { return 2; }

// Seeds the generator of trace ids, which must not differ between two runs of a seed.
std::random_device::result_type std::random_device::_M_getval() {
  auto* const now = Simulator::current();
  return now != nullptr ? static_cast<result_type>(now->random().next()) : 1;
}
