// Records the events of the stack, over a connection to NATS as printed by `make env`.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/testing/event_recorder.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {

/// The events of matches, tickets and sessions that were published since the construction.
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
    published_ = std::make_unique<testing::EventRecorder>(
        *bus_, std::vector<std::string>{"match.*", "ticket.*", "session.state_changed"});
  }

  bus::Bus& bus() { return *bus_; }

  /// All events of this subject so far.
  std::vector<std::string> events(const std::string& subject) const { return published_->bodies(subject); }

  /// Waits for an event of this subject about the match. The first one; "" if none comes.
  std::string event(const std::string& subject, const std::string& match_id) const {
    std::string found;
    testing::eventually([&] {
      for (const auto& body : events(subject)) {
        if (found.empty() && member(body, "match_id") == match_id) found = body;
      }
      return !found.empty();
    });
    return found;
  }

 private:
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<testing::EventRecorder> published_;
};

}  // namespace mm::e2e
