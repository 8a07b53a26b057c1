#include "services/matchmaker/owner/bucket_state.h"

namespace mm::matchmaker {

using Why = recording::LeaveReason;

namespace {

Why reason_of(TicketState state) {
  switch (state) {
    case TicketState::matched: return Why::matched_elsewhere;
    case TicketState::cancelled: return Why::cancelled;
    case TicketState::timed_out: return Why::timed_out;
    case TicketState::queued:
    case TicketState::missing: break;
  }
  return Why::missing;
}

}  // namespace

BucketState::BucketState(Bucket bucket, const ModeRules& rules, bool known_mode, recording::EventEncoder* encoder)
    : bucket_(std::move(bucket)),
      text_(bucket_.text()),
      pool_(text_, {rules, bucket_.team_size, bucket_.region, known_mode}, encoder) {}

BucketPoll BucketState::poll_request() const {
  BucketPoll request{text_, cursor_, {}};
  for (const auto& ticket : dead_) {
    if (request.dead.size() == kEntriesPerPoll) break;
    request.dead.push_back(ticket);
  }
  return request;
}

std::vector<TicketId> BucketState::read(const BucketPoll& request, const BucketRead& read, std::int64_t change) {
  // The poll removed the dead tickets, except those that were queued again meanwhile: these are in the queue with a new
  // change number, and are read again.
  for (const auto& ticket : request.dead) dead_.erase(ticket);
  if (change < cursor_) {  // the queue was replaced: restored from a backup, or emptied
    start_over();
    return {};
  }
  size_ = read.size;
  at_end_ = read.entries.size() < kEntriesPerPoll;
  std::vector<TicketId> unknown;
  for (const auto& entry : read.entries) {
    cursor_ = std::max(cursor_, entry.change);
    dead_.erase(entry.id);
    unusable_.erase(entry.id);
    unknown.push_back(entry.id);
  }
  return unknown;
}

void BucketState::verify() {
  if (!at_end_) return;
  if (pool().size() + dead_.size() + unusable_.size() != static_cast<std::size_t>(size_)) return start_over();
  complete_ = true;
}

void BucketState::put(const TicketRecord& ticket) {
  if (ticket.state != TicketState::queued) return ended(ticket.id, reason_of(ticket.state));
  if (ticket.first_bucket != text_) foreign_tickets_.insert(ticket.id);
  if (pool_.upsert(to_pool_ticket(ticket)) == matching::Pool::Upserted::ignored && !pool().contains(ticket.id)) {
    unusable_.insert(ticket.id);
  }
}

void BucketState::start_over() {
  pool_.clear();
  dead_.clear();
  unusable_.clear();
  foreign_tickets_.clear();
  cursor_ = 0;
  complete_ = false;
  at_end_ = false;
  ++rebuilds_;
}

matching::TickPlan BucketState::plan(BucketMs now, matching::Workspace& workspace) {
  return complete_ ? pool_.plan(now, workspace) : matching::TickPlan{};
}

void BucketState::after_plan(BucketMs now, matching::TickPlan& tick) {
  if (!complete_) return;
  pool_.after_plan(now, tick);
  std::erase_if(tick.expired, [this](matching::Slot slot) { return foreign_tickets_.contains(pool().id(slot)); });
}

void BucketState::matched(TicketId ticket) { leave(ticket, Why::committed); }

void BucketState::leave(TicketId ticket, Why why) {
  pool_.erase(ticket, why);
  foreign_tickets_.erase(ticket);
}

void BucketState::ended(TicketId ticket, Why why) {
  if (const auto slot = pool().slot_of(ticket); slot && departures_.size() < kMaxDepartures) {
    departures_.push_back({pool().rating(*slot), pool().size_of(*slot), pool().queued_at(*slot)});
  }
  leave(ticket, why);
  dead_.insert(ticket);
}

void BucketState::refused(const CommitResult& by) {
  const auto held = pool().find(by.ticket);
  if (!held) return;
  // The ticket no longer exists: it was swept, or the queue lost it.
  if (by.state == TicketState::missing) return ended(by.ticket, Why::missing);
  // The ticket changed after it was planned, and the next poll reads the change. Memory is newer than the refusal only
  // if the ticket was queued again in between.
  const bool unchanged = by.state == TicketState::queued && by.attempt == held->attempt;
  if (!unchanged && held->change <= by.change) leave(by.ticket, Why::refused);
}

}  // namespace mm::matchmaker
