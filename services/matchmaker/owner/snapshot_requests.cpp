#include "services/matchmaker/owner/snapshot_requests.h"

#include <iterator>
#include <utility>

namespace mm::matchmaker {

void SnapshotRequests::put(Bucket bucket, TicketId ticket, Deadline deadline, Callback callback) {
  {
    const MutexLock lock(mutex_);
    if (!closed_) {
      requests_.push_back({std::move(bucket), ticket, deadline, std::move(callback)});
      return;
    }
  }
  callback(std::nullopt);
}

void SnapshotRequests::begin_tick() {
  const MutexLock lock(mutex_);
  due_.insert(due_.end(), std::make_move_iterator(requests_.begin()), std::make_move_iterator(requests_.end()));
  requests_.clear();
}

void SnapshotRequests::end_tick(const PartitionOwner& owner, Milliseconds next, Milliseconds interval) {
  std::vector<Request> later;
  std::size_t copies = 0;
  for (auto& request : std::exchange(due_, {})) {
    const auto held = request.deadline.passed() ? std::nullopt : owner.find(request.bucket);
    if (!held || !held->bucket->pool().contains(request.ticket)) {
      request.callback(std::nullopt);
    } else if (++copies <= kMaxCopiesPerTick) {
      request.callback(copy(*held, request.ticket, {next.count(), interval.count()}));
    } else {
      later.push_back(std::move(request));
    }
  }
  due_ = std::move(later);
}

std::optional<TicketSnapshot> SnapshotRequests::copy(const PartitionOwner::OwnedBucket& at, TicketId ticket,
                                                     const matching::TickTimes& from_now) {
  const auto started = std::chrono::steady_clock::now();
  const auto& pool = at.bucket->pool();
  const auto slot = *pool.slot_of(ticket);
  TicketSnapshot seen;
  seen.bucket = at.bucket->bucket();
  seen.ticket = pool.ticket(slot);
  seen.now = at.partition->clock.now();
  if (at.bucket->known_mode()) seen.around = at.bucket->around(slot, seen.now);
  seen.ticks = {seen.now + from_now.first, from_now.every};
  metrics_.explain_copy.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return seen;
}

void SnapshotRequests::reject_all() {
  for (auto& request : std::exchange(due_, {})) request.callback(std::nullopt);
}

void SnapshotRequests::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  begin_tick();
  reject_all();
}

}  // namespace mm::matchmaker
