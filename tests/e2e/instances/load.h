// Players who send requests to the gateways at a steady rate, and the requests that failed. A player uses one
// connection as long as the gateway keeps it, and turns to the next gateway if one does not accept connections.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::e2e {

class Load {
 public:
  static constexpr int kPlayers = 6;         ///< too few for a match of five against five
  static constexpr Milliseconds kPause{30};  ///< between two requests of a player: together 200 a second

  enum class Kind {
    mixed,       ///< reads, entries to the queue and parties
    repeatable,  ///< only requests that a gateway may send to a second instance
  };

  /// `ports`: of the gateways.
  Load(Kind kind, std::vector<int> ports);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  int answered() const;
  /// True when so many more requests have been answered.
  bool answers_more(int count) const;
  /// One line for each request that got no answer, or one that is not 2xx.
  std::vector<std::string> failures() const;

 private:
  class Client;
  void play(Client& client);
  bool pause();

  const Kind kind_;
  const std::vector<int> ports_;
  mutable Mutex mutex_;
  Condition changed_;
  bool done_ GUARDED_BY(mutex_) = false;
  int answered_ GUARDED_BY(mutex_) = 0;
  std::vector<std::string> failures_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::thread> threads_;  // last: they use all other members
};

}  // namespace mm::e2e
