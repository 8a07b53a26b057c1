#include "services/profile/password_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace mm::profile {
namespace {

constexpr int kNice = 10;
/// Weight of the newest job in the moving average.
constexpr double kNewestWeight = 0.125;

}  // namespace

PasswordPool::PasswordPool(const Options& options, Metrics& metrics)
    : options_(options), metrics_(metrics), mean_time_(options.first_estimate) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
}

PasswordPool::~PasswordPool() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (auto& thread : threads_) thread.join();
}

std::optional<int> PasswordPool::submit(Deadline deadline, Job job) {
  const MutexLock lock(mutex_);
  const auto wait = expected_wait();
  if (wait > std::min(options_.max_wait, deadline.remaining())) {
    metrics_.hash_refused.add();
    return std::max(1, static_cast<int>(std::ceil(wait.count())));
  }
  waiting_.push_back(std::move(job));
  metrics_.hash_waiting.set(static_cast<double>(waiting_.size()));
  arrived_.notify_one();
  return std::nullopt;
}

// How long a job that is queued now would wait: the jobs ahead of it, less those that run at once on a free thread.
PasswordPool::Duration PasswordPool::expected_wait() const {
  const auto ahead = static_cast<double>(waiting_.size()) + running_;
  const auto turns = (ahead + 1 - options_.threads) / options_.threads;
  return mean_time_ * std::max(0.0, turns);
}

void PasswordPool::work() {
  // Applies to this thread only: Linux counts threads as processes here. If it fails, the priority stays as it is.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  MutexLock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this]() REQUIRES(mutex_) { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    metrics_.hash_waiting.set(static_cast<double>(waiting_.size()));
    ++running_;
    lock.unlock();
    const auto start = std::chrono::steady_clock::now();
    const bool worked = job();
    job = nullptr;
    const Duration taken = std::chrono::steady_clock::now() - start;
    if (worked) metrics_.hash_seconds.observe(taken.count());
    lock.lock();
    --running_;
    if (worked) mean_time_ += (taken - mean_time_) * kNewestWeight;
  }
}

}  // namespace mm::profile
