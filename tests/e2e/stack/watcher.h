// The engineer on NATS: a connection as `make env` describes it, and the events that went by.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/bus/bus.h"
#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {

/// What was published on the subjects a test listens to.
class Watcher {
 public:
  Watcher() {
    // nats://user:password@host:port
    const auto& url = Stack::instance().nats_url();
    const auto at = url.find('@'), colon = url.find(':', 7);
    bus::Options options;
    options.url = "nats://" + url.substr(at + 1);
    options.user = url.substr(7, colon - 7);
    options.password = url.substr(colon + 1, at - colon - 1);
    options.name = "e2e";
    auto connected = bus::Bus::connect(options, metrics_, Deadline::after(Milliseconds(5000)));
    EXPECT_TRUE(connected.ok()) << (connected.ok() ? "" : connected.error());
    bus_ = std::move(*connected);
    for (const char* subject : {"match.*", "ticket.*", "session.state_changed"}) {
      subscriptions_.push_back(
          std::make_unique<bus::Subscription>(*bus_, subject, "", [this](std::string_view name, std::string_view body) {
            std::lock_guard lock(mutex_);
            seen_[std::string(name)].emplace_back(body);
          }));
    }
  }

  bus::Bus& bus() { return *bus_; }

  /// Every event of that subject so far.
  std::vector<std::string> events(const std::string& subject) {
    std::lock_guard lock(mutex_);
    return seen_[subject];
  }

  /// The first event of that subject about the match, waited for.
  std::string event(const std::string& subject, const std::string& match_id) {
    std::string found;
    testing::eventually(
        [&] {
          std::lock_guard lock(mutex_);
          for (const auto& body : seen_[subject]) {
            if (member(body, "match_id") == match_id) found = body;
          }
          return !found.empty();
        },
        Milliseconds(20'000));
    return found;
  }

 private:
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> seen_;
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;  // last: gone first
};

}  // namespace mm::e2e
