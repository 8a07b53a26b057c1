// The open connections of one shard, and the limits on the number of connections of the process and of each address.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::gateway {

/// One TCP connection, with HTTP or WebSocket on it. Used only on its loop.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void on_tick(SteadyPoint now) = 0;
  /// Begins the shutdown of the connection. It closes after its next answer, or soon if no request comes.
  virtual void wind_down() = 0;
};

/// The connections of one shard. A connection adds and removes itself.
class Connections {
 public:
  void add(Connection* connection) { all_.insert(connection); }
  void remove(Connection* connection) { all_.erase(connection); }
  std::size_t size() const { return all_.size(); }

  void on_tick(SteadyPoint now) {
    each([now](Connection& connection) { connection.on_tick(now); });
  }
  void wind_down() {
    each([](Connection& connection) { connection.wind_down(); });
  }

 private:
  // `call` may remove this connection and others, so it iterates over a copy and skips removed connections.
  void each(const std::function<void(Connection&)>& call) {
    const std::vector<Connection*> now(all_.begin(), all_.end());
    for (auto* connection : now) {
      if (all_.contains(connection)) call(*connection);
    }
  }

  std::unordered_set<Connection*> all_;
};

/// Limits the number of open connections, in total and per address. Thread-safe. Must outlive its slots.
class ConnectionCap {
 public:
  ConnectionCap(std::size_t total, std::size_t per_address) : total_(total), per_address_(per_address) {}

  /// The permission for one connection. The destructor returns it.
  class Slot {
   public:
    Slot() = default;
    Slot(ConnectionCap* cap, std::string address) : cap_(cap), address_(std::move(address)) {}
    Slot(Slot&& other) noexcept : cap_(std::exchange(other.cap_, nullptr)), address_(std::move(other.address_)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(cap_, other.cap_);
      std::swap(address_, other.address_);
      return *this;
    }
    ~Slot() {
      if (cap_ != nullptr) cap_->release(address_);
    }
    explicit operator bool() const { return cap_ != nullptr; }

   private:
    ConnectionCap* cap_ = nullptr;
    std::string address_;
  };

  /// Returns an empty slot if a limit is reached. `counted`: false for addresses without a limit per address.
  Slot take(const std::string& address, bool counted) {
    const MutexLock lock(mutex_);
    if (open_ >= total_) return {};
    if (counted) {
      auto& of_address = by_address_[address];
      if (of_address >= per_address_) return {};
      ++of_address;
    }
    ++open_;
    return Slot(this, counted ? address : std::string{});
  }

  std::size_t open() const {
    const MutexLock lock(mutex_);
    return open_;
  }
  std::size_t total() const { return total_; }

 private:
  void release(const std::string& address) {
    const MutexLock lock(mutex_);
    --open_;
    if (const auto found = by_address_.find(address); found != by_address_.end() && --found->second == 0)
      by_address_.erase(found);
  }

  const std::size_t total_;
  const std::size_t per_address_;
  mutable Mutex mutex_;
  std::size_t open_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_address_ GUARDED_BY(mutex_);
};

}  // namespace mm::gateway
