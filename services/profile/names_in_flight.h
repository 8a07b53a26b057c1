// One registration per user name at a time. Of a hundred that ask for the same name at once, one is tried and the
// others are answered by its outcome: without this each of them would cost a bcrypt hash before the unique constraint
// refuses it, and the password pool would have no room for anybody else. Between instances the constraint decides.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/contracts/problem.h"
#include "common/contracts/profile.h"

namespace mm::profile {

/// Thread-safe.
class NamesInFlight {
 public:
  static constexpr std::size_t kMaxWaiters = 1'000;

  /// Called with the outcome of the registration that was ahead.
  using Waiter = std::function<void(const Reply<RegisteredPlayer>&)>;
  enum class Entry { first, waits, full };

  /// `first`: the caller tries, and calls leave() when it is done. `waits`: the waiter will be called.
  Entry enter(const std::string& name, Waiter waiter) {
    std::lock_guard lock(mutex_);
    const auto [place, is_first] = names_.try_emplace(name);
    if (is_first) return Entry::first;
    if (waiting_ == kMaxWaiters) return Entry::full;
    ++waiting_;
    place->second.push_back(std::move(waiter));
    return Entry::waits;
  }

  /// Those that waited, for the caller to call.
  std::vector<Waiter> leave(const std::string& name) {
    std::lock_guard lock(mutex_);
    auto node = names_.extract(name);
    if (node.empty()) return {};
    waiting_ -= node.mapped().size();
    return std::move(node.mapped());
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<Waiter>> names_;  // guarded by mutex_
  std::size_t waiting_ = 0;                           // over all names; guarded by mutex_
};

}  // namespace mm::profile
