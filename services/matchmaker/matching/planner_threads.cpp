#include "services/matchmaker/matching/planner_threads.h"

#include <algorithm>

namespace mm::matching {

PlannerThreads::PlannerThreads(int workers) : workspaces_(static_cast<std::size_t>(std::max(1, workers))) {
  for (std::size_t worker = 1; worker < workspaces_.size(); ++worker) {
    threads_.emplace_back([this, worker] { work(worker); });
  }
}

PlannerThreads::~PlannerThreads() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void PlannerThreads::run(std::size_t count, const Job& job) {
  {
    const MutexLock lock(mutex_);
    job_ = &job;
    next_ = 0;
    count_ = unfinished_ = count;
  }
  if (count > 1) changed_.notify_all();
  take_jobs(workspaces_[0]);
  MutexLock lock(mutex_);
  changed_.wait(lock, [this]() REQUIRES(mutex_) { return unfinished_ == 0; });
  job_ = nullptr;
}

void PlannerThreads::work(std::size_t worker) {
  MutexLock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this]() REQUIRES(mutex_) { return stopping_ || next_ < count_; });
    if (stopping_) return;
    lock.unlock();
    take_jobs(workspaces_[worker]);
    lock.lock();
  }
}

void PlannerThreads::take_jobs(Workspace& workspace) {
  MutexLock lock(mutex_);
  while (next_ < count_) {
    const std::size_t number = next_++;
    const Job& job = *job_;
    lock.unlock();
    job(number, workspace);
    lock.lock();
    if (--unfinished_ == 0) changed_.notify_all();
  }
}

}  // namespace mm::matching
