// Gets a server from the orchestrator for each waiting match, and releases the server of each ended match.
//
// For a new match a server is requested at once. When no server is free or the orchestrator is away, only the match
// that was found first keeps requesting: at every sweep, and when a server is released. When it succeeds, the other
// matches request again, so no match overtakes an older one. After an outage more matches may wait than one sweep
// reads. Until a sweep has read all of them, new matches wait in their rows, and kWorkers requests at a time go to the
// orchestrator, in the order in which the matches were found.
// Allocate and release are idempotent by match_id: a repeat after a crash or a lost answer gives the same server.
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

  ServerAllocator(Store& store, bus::Bus& bus, const Tokens& tokens, MatchNotifier& notifier, Metrics& metrics);
  /// Waits for the requests that are running. Queued matches remain in their rows.
  ~ServerAllocator();
  ServerAllocator(const ServerAllocator&) = delete;
  ServerAllocator& operator=(const ServerAllocator&) = delete;

  /// Requests a server for a match whose row is committed and allocating. Does not wait for it.
  void allocate(const Match& match);
  /// Releases the server of a match that a transaction has seen ended. Does not wait for it.
  void release(MatchId match);
  /// Reads the waiting matches from the rows and requests servers for them. False: the rows could not be read.
  bool sweep();

 private:
  enum class Outcome { allocated, none_free, refused };
  struct Job {
    Match match;
    bool probe = false;  ///< requested alone, while the other matches wait
  };

  void work();
  void enqueue(const Match& match, bool probe);
  void run(const Job& job);
  Outcome request_server(const Match& match);
  Outcome make_ready(const Match& match, const Allocation& allocation);
  Outcome handle_refusal(const Match& match, const Problem& problem);
  void release_now(MatchId match);
  void continue_backlog();

  Store& store_;
  bus::Bus& bus_;
  const Tokens& tokens_;
  MatchNotifier& notifier_;
  Metrics& metrics_;

  std::atomic<bool> none_free_ = false;
  std::atomic<bool> backlogged_ = false;  ///< the last sweep did not read all waiting matches
  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Job> to_allocate_;     // guarded by mutex_
  std::deque<MatchId> to_release_;  // guarded by mutex_
  std::set<MatchId> in_progress_;   // guarded by mutex_: queued, or with a worker
  bool stopping_ = false;           // guarded by mutex_
  std::vector<std::thread> workers_;
};

}  // namespace mm::session
