// Limits this instance to one registration per user name at a time. If a hundred requests for one name come at once,
// one is tried and the others are answered by its outcome. Otherwise each would cost a bcrypt hash before the unique
// constraint refuses it, and the password pool would be too busy for other requests. Between instances the constraint
// decides.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/contracts/problem.h"
#include "common/contracts/profile.h"

namespace mm::profile {

/// Thread-safe.
class NamesInFlight {
 public:
  static constexpr std::size_t kMaxWaiters = 1'000;

  /// Called with the outcome of the registration it waited for.
  using Waiter = std::function<void(const Reply<RegisteredPlayer>&)>;
  enum class Entry { first, waits, full };

  /// `first`: the caller tries to register, then calls leave(). `waits`: the waiter will be called. `full`: neither.
  Entry enter(const std::string& name, Waiter waiter) {
    const MutexLock lock(mutex_);
    const auto [place, is_first] = names_.try_emplace(name);
    if (is_first) return Entry::first;
    if (waiting_ == kMaxWaiters) return Entry::full;
    ++waiting_;
    place->second.push_back(std::move(waiter));
    return Entry::waits;
  }

  /// Frees the name and returns its waiters, which the caller must call.
  std::vector<Waiter> leave(const std::string& name) {
    const MutexLock lock(mutex_);
    auto node = names_.extract(name);
    if (node.empty()) return {};
    waiting_ -= node.mapped().size();
    return std::move(node.mapped());
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::vector<Waiter>> names_ GUARDED_BY(mutex_);
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;  // of all names
};

}  // namespace mm::profile
