#include "services/matchmaker/bucket_pool.h"

namespace mm::matchmaker {

BucketPool::BucketPool(Bucket bucket, const ModeRules& rules, bool known_mode)
    : bucket_(std::move(bucket)),
      text_(bucket_.text()),
      rules_(rules),
      known_mode_(known_mode),
      pool_(rules_, bucket_.team_size, bucket_.region) {}

BucketAsk BucketPool::ask() const {
  BucketAsk ask{text_, cursor_, {}};
  for (const auto& ticket : dead_) {
    if (ask.dead.size() == kEntriesPerLook) break;
    ask.dead.push_back(ticket);
  }
  return ask;
}

std::vector<TicketId> BucketPool::read(const BucketAsk& asked, const BucketRead& read, std::int64_t change) {
  // The look removed the dead, except those that were queued again meanwhile: they stand in the queue under a new
  // change and are read as such.
  for (const auto& ticket : asked.dead) dead_.erase(ticket);
  if (change < cursor_) {  // the queue is another one: restored, or emptied
    start_over();
    return {};
  }
  size_ = read.size;
  at_end_ = read.entries.size() < kEntriesPerLook;
  std::vector<TicketId> unknown;
  for (const auto& entry : read.entries) {
    cursor_ = std::max(cursor_, entry.change);
    dead_.erase(entry.id);
    unusable_.erase(entry.id);
    unknown.push_back(entry.id);
  }
  return unknown;
}

void BucketPool::verify() {
  if (!at_end_) return;
  if (pool_.size() + dead_.size() + unusable_.size() != static_cast<std::size_t>(size_)) return start_over();
  complete_ = true;
}

void BucketPool::put(const QueueTicket& ticket) {
  if (ticket.state != TicketState::queued) return ended(ticket.id);
  if (ticket.first_bucket != text_) guests_.insert(ticket.id);
  if (pool_.upsert(to_pool_ticket(ticket)) == Pool::Upserted::ignored && !pool_.contains(ticket.id)) {
    unusable_.insert(ticket.id);
  }
}

void BucketPool::start_over() {
  pool_.clear();
  memory_ = {};
  dead_.clear();
  unusable_.clear();
  guests_.clear();
  cursor_ = 0;
  complete_ = false;
  at_end_ = false;
  ++rebuilds_;
}

TickPlan BucketPool::plan(BucketMs now, Workspace& workspace) {
  if (!complete_ || pool_.empty()) return {};
  TickPlan tick;
  const auto needed = static_cast<std::size_t>(rules_.teams * bucket_.team_size);
  if (known_mode_ && pool_.players() >= needed) {
    tick = matchmaker::plan(pool_, rules_, now, memory_, workspace);
  } else {
    tick.expired = pool_.expired(now);
  }
  std::erase_if(tick.expired, [this](Slot slot) { return guests_.contains(pool_.id(slot)); });
  return tick;
}

void BucketPool::matched(TicketId ticket) {
  pool_.erase(ticket);
  guests_.erase(ticket);
}

void BucketPool::ended(TicketId ticket) {
  matched(ticket);
  dead_.insert(ticket);
}

void BucketPool::refused(const CommitResult& by) {
  const auto held = pool_.find(by.ticket);
  if (!held) return;
  // Nobody knows the ticket: it was swept, or the queue lost it.
  if (by.state == TicketState::missing) return ended(by.ticket);
  // It changed since it was planned, and the next look brings the change. What memory holds may be newer than the
  // refusal only if the ticket was queued again in between.
  const bool unchanged = by.state == TicketState::queued && by.attempt == held->attempt;
  if (!unchanged && held->change <= by.change) matched(by.ticket);
}

}  // namespace mm::matchmaker
