// Session's dealings with the orchestrator: a server for each waiting match, and each server given back.
//
// A new match asks at once. When none is free or the orchestrator is away, only the match found first keeps asking
// (every sweep, and when a server is given back); its success lets the others ask again: nobody overtakes. After an
// outage more matches may wait than one sweep reads: until a sweep has read all of them, new ones wait in their rows,
// and kWorkers requests at a time go to the orchestrator, in the order in which the matches were found.
// Allocate and release are idempotent by match_id: asking again after a crash or a lost answer gives the same server.
// Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "common/bus/bus.h"
#include "services/session/match_notifier.h"
#include "services/session/store.h"

namespace mm::session {

class ServerAllocator {
 public:
  static constexpr int kWorkers = 4;
  static constexpr int kMaxPerSweep = 256;
  static constexpr std::size_t kMaxQueued = 1024;
  static constexpr Milliseconds kRequestTimeout{2'000};

  ServerAllocator(Store& store, bus::Bus& bus, const Tokens& tokens, MatchNotifier& match_notifier, Metrics& metrics);
  /// Ends after what is under way; what waits stays in its row.
  ~ServerAllocator();
  ServerAllocator(const ServerAllocator&) = delete;
  ServerAllocator& operator=(const ServerAllocator&) = delete;

  /// For a match whose row is committed and allocating.
  void place(const Match& match);
  /// For a match of which a transaction has seen that it ended.
  void give_back(MatchId match);
  /// Looks for waiting matches in the rows; false: the rows could not be read.
  bool sweep();

 private:
  enum class Answer { placed, none_free, refused };
  struct Place {
    Match match;
    bool probe = false;  ///< asked alone, while the others wait
  };

  void work();
  void ask_and_go_on(const Place& job);
  Answer ask(const Match& match);
  Answer settle(const Match& match, const Allocation& allocation);
  Answer refused(const Match& match, const Problem& problem);
  void release(MatchId match);
  void push(const Match& match, bool probe);
  void go_on_with_backlog();

  Store& store_;
  bus::Bus& bus_;
  const Tokens& tokens_;
  MatchNotifier& match_notifier_;
  Metrics& metrics_;

  std::atomic<bool> none_free_ = false;
  std::atomic<bool> backlogged_ = false;  ///< the last sweep did not read all waiting matches
  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Place> to_place_;      // guarded by mutex_
  std::deque<MatchId> to_release_;  // guarded by mutex_
  std::set<MatchId> under_way_;     // guarded by mutex_: waiting in a queue, or with a worker
  bool ending_ = false;             // guarded by mutex_
  std::vector<std::thread> workers_;
};

}  // namespace mm::session
