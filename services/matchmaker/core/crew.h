// A few threads that plan buckets side by side. Buckets have nothing in common while they are planned, and what comes
// out is read in the buckets' order, so the matches are the same whatever the number of threads.
//
// The calling thread works too: a crew of one has no thread of its own. The others sleep between ticks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "services/matchmaker/core/workspace.h"

namespace mm::matchmaker {

class Crew {
 public:
  explicit Crew(int workers);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  int workers() const { return static_cast<int>(workspaces_.size()); }

  /// For the caller's own jobs between two runs.
  Workspace& own_workspace() { return workspaces_[0]; }

  /// Does jobs 0 to count - 1, each once, and returns when all are done. `job` must not throw. Not for two callers at
  /// once.
  using Job = std::function<void(std::size_t number, Workspace&)>;
  void run(std::size_t count, const Job& job);

 private:
  void work(std::size_t worker);
  void take_jobs(Workspace& workspace);

  std::vector<Workspace> workspaces_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const Job* job_ = nullptr;  // guarded by mutex_, as all below
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::size_t unfinished_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // last
};

}  // namespace mm::matchmaker
