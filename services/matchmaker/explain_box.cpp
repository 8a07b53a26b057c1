#include "services/matchmaker/explain_box.h"

#include <iterator>
#include <utility>

namespace mm::matchmaker {
namespace {

std::optional<Sighting> look_at(const QueueReader::Held& at, TicketId ticket, Milliseconds next,
                                Milliseconds interval) {
  const auto& pool = at.bucket->pool();
  const auto slot = pool.slot_of(ticket);
  if (!slot) return std::nullopt;
  Sighting seen;
  seen.bucket = at.bucket->bucket();
  seen.ticket = pool.ticket(*slot);
  seen.now = at.partition->now;
  if (at.bucket->known_mode()) seen.around = at.bucket->around(*slot, seen.now);
  seen.ticks = {seen.now + next.count(), interval.count()};
  return seen;
}

}  // namespace

void ExplainBox::put(Bucket bucket, TicketId ticket, Deadline deadline, Taker taker) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      wishes_.push_back({std::move(bucket), ticket, deadline, std::move(taker)});
      return;
    }
  }
  taker(std::nullopt);
}

void ExplainBox::begin_tick() {
  const std::lock_guard lock(mutex_);
  for (auto& wish : wishes_) wish.read = true;
}

std::vector<ExplainBox::Wish> ExplainBox::take_all() {
  const std::lock_guard lock(mutex_);
  return std::exchange(wishes_, {});
}

// A wish that came while the queue was being read may be about a ticket that was queued even later.
void ExplainBox::end_tick(QueueReader& reader, Milliseconds next, Milliseconds interval) {
  auto wishes = take_all();
  if (wishes.empty()) return;
  const auto started = std::chrono::steady_clock::now();
  std::vector<Wish> later;
  std::size_t copies = 0;
  for (auto& wish : wishes) {
    // Whose time is over waits for nothing any more.
    const auto held = wish.deadline.passed() ? std::nullopt : reader.find(wish.bucket);
    const bool here = held && held->bucket->pool().contains(wish.ticket);
    if (here ? copies == kCopiesATick : held && !wish.read) {
      later.push_back(std::move(wish));
      continue;
    }
    if (here) ++copies;
    wish.taker(here ? look_at(*held, wish.ticket, next, interval) : std::nullopt);
  }
  if (copies > 0) {
    metrics_.explain_copies.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  const std::lock_guard lock(mutex_);
  wishes_.insert(wishes_.begin(), std::make_move_iterator(later.begin()), std::make_move_iterator(later.end()));
}

void ExplainBox::turn_away() {
  for (auto& wish : take_all()) wish.taker(std::nullopt);
}

void ExplainBox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  turn_away();
}

}  // namespace mm::matchmaker
