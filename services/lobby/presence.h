// The grace of players who are gone: when a player's last socket closes while they are queued, their ticket is cancelled
// unless they are back before the mode's grace ends. Tickets of players who never had a socket live on.
//
// presence.changed is a plain event of which one lobby gets each; the NATS thread only hands it over. One thread works
// through them and looks every kSweepEvery for graces that have ended. Who is gone stands in Redis, so any lobby can
// finish what another began. While Redis or matchmaker is down, both wait. Events may be lost or overtake each other, so
// before a ticket is cancelled the gateways' own record is asked whether the player is there.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "common/bus/bus.h"
#include "common/contracts/events.h"
#include "common/runtime/live_modes.h"
#include "services/lobby/metrics.h"
#include "services/lobby/store.h"

namespace mm::lobby {

class Presence {
 public:
  static constexpr Milliseconds kSweepEvery{250};
  static constexpr std::size_t kWaitingMax = 50'000;
  static constexpr int kSweepMost = 100;
  /// A ticket that one lobby set out to cancel and never reported is taken up by another after this.
  static constexpr Milliseconds kTakeAgain{5'000};

  struct Parts {
    bus::Bus& bus;
    storage::Redis& queue;
    storage::Redis& cache;
    const runtime::LiveModes& modes;
    Metrics& metrics;
    const Clock& clock;
  };

  explicit Presence(const Parts& parts);
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  void start();

 private:
  void run();
  bool note(const PresenceChanged& event);
  void sweep();
  bool cancel(const Tenant& tenant, const AwayStore::Away& away);

  bus::Bus& bus_;
  AwayStore away_;
  const runtime::LiveModes& modes_;
  Metrics& metrics_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PresenceChanged> waiting_;  // protected by mutex_, like the next
  bool stopping_ = false;
  std::thread thread_;
  std::unique_ptr<bus::Subscription> subscription_;  // last: gone first
};

}  // namespace mm::lobby
