// Planner threads: a fixed number of threads that plan several buckets in parallel. Buckets share no data while they
// are planned, and the results are read in the order of the buckets. So the matches do not depend on the number of
// threads.
//
// The calling thread takes part in the work: with one worker there is no additional thread. Idle threads sleep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "services/matchmaker/matching/search/workspace.h"

namespace mm::matching {

class PlannerThreads {
 public:
  explicit PlannerThreads(int workers);
  ~PlannerThreads();
  PlannerThreads(const PlannerThreads&) = delete;
  PlannerThreads& operator=(const PlannerThreads&) = delete;

  int workers() const { return static_cast<int>(workspaces_.size()); }

  /// The workspace of the calling thread, for its own use between two calls of run().
  Workspace& own_workspace() { return workspaces_[0]; }

  /// Runs jobs 0 to count - 1, each once, and returns when all are finished. `job` must not throw. One caller at a
  /// time.
  using Job = std::function<void(std::size_t number, Workspace&)>;
  void run(std::size_t count, const Job& job);

 private:
  void work(std::size_t worker);
  void take_jobs(Workspace& workspace);

  std::vector<Workspace> workspaces_;
  Mutex mutex_;
  Condition changed_;
  const Job* job_ GUARDED_BY(mutex_) = nullptr;
  std::size_t next_ GUARDED_BY(mutex_) = 0;
  std::size_t count_ GUARDED_BY(mutex_) = 0;
  std::size_t unfinished_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // last member: the threads start when all other members exist
};

}  // namespace mm::matching
