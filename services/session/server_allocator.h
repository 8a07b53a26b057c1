// Gets a server from the orchestrator for each waiting match, and releases the server of each ended match.
//
// For a new match a server is requested at once. When no server is free or the orchestrator is away, only the match
// that was found first keeps requesting: at every sweep, and when a server is released. When it succeeds, the other
// matches request again, so no match overtakes an older one. After an outage more matches may wait than one sweep
// reads. Until a sweep has read all of them, new matches wait in their rows, and kWorkers requests at a time go to the
// orchestrator, in the order in which the matches were found.
// Worker threads send the requests; a writer thread stores the answers of all workers, many in one transaction.
// Allocate and release are idempotent by match_id: a repeat after a crash or a lost answer gives the same server.
// Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <set>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "services/session/match_notifier.h"
#include "services/session/store.h"

namespace mm::session {

class ServerAllocator {
 public:
  static constexpr int kWorkers = 4;
  static constexpr int kMaxPerSweep = 256;
  /// Limit of the matches whose allocation, and of those whose release, is queued, requested or not yet stored.
  static constexpr std::size_t kMaxInProgress = 1024;
  static constexpr Milliseconds kRequestTimeout{2'000};

  ServerAllocator(Store& store, bus::Bus& bus, const Tokens& tokens, MatchNotifier& notifier, Metrics& metrics);
  /// Waits for the requests that are running and stores their answers. Queued matches remain in their rows.
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
  struct Job {
    Match match;
    bool probe = false;  ///< requested alone, while the other matches wait
  };

  /// Returns false if the match is in progress already.
  bool enqueue(const Match& match, bool probe);
  void work();
  /// None: the match still waits, or has ended.
  std::optional<Allocation> allocate_now(const Job& job);
  void handle_refusal(const Match& match, const Problem& problem);
  bool release_now(MatchId match);
  void write();
  void make_ready(const std::vector<Allocation>& allocations);
  void mark_released(const std::vector<MatchId>& matches);
  void continue_backlog();

  Store& store_;
  bus::Bus& bus_;
  const Tokens& tokens_;
  MatchNotifier& notifier_;
  Metrics& metrics_;

  std::atomic<bool> none_free_ = false;
  std::atomic<bool> backlogged_ = false;  ///< the last sweep did not read all waiting matches
  Mutex mutex_;
  Condition work_queued_;
  Condition answers_queued_;
  std::deque<Job> to_allocate_ GUARDED_BY(mutex_);
  std::deque<MatchId> to_release_ GUARDED_BY(mutex_);
  std::set<MatchId> allocating_ GUARDED_BY(mutex_);       // queued, with a worker, or in allocated_
  std::set<MatchId> releasing_ GUARDED_BY(mutex_);        // queued, with a worker, or in released_
  std::vector<Allocation> allocated_ GUARDED_BY(mutex_);  // answers for the writer
  std::vector<MatchId> released_ GUARDED_BY(mutex_);      // answers for the writer
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool workers_stopped_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_;
  std::thread writer_;
};

}  // namespace mm::session
