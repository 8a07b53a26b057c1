#include "services/matchmaker/recording/taped_pool.h"

namespace mm::matchmaker::recording {

TapedPool::TapedPool(std::string name, Play play, Tape* tape)
    : name_(std::move(name)), play_(std::move(play)), pool_(play_.rules, play_.team_size, play_.region), tape_(tape) {}

TapedPool::~TapedPool() {
  if (taped()) tape_->end(track_);
}

Pool::Upserted TapedPool::upsert(const PoolTicket& ticket) {
  begin_if_empty();
  note_looks();
  const auto upserted = pool_.upsert(ticket);
  settlings_seen_ = pool_.settlings();
  if (taped() && upserted != Pool::Upserted::ignored) tape_->put(track_, *pool_.slot_of(ticket.id), ticket);
  return upserted;
}

bool TapedPool::erase(TicketId id, Left why) {
  note_looks();
  const auto slot = pool_.slot_of(id);
  if (!slot) return false;
  if (taped()) tape_->left(track_, *slot, why);
  pool_.erase(id);
  settlings_seen_ = pool_.settlings();
  return true;
}

void TapedPool::clear() { begin_fresh(taped()); }

void TapedPool::take_rules(const ModeRules& rules, bool known) {
  play_.rules = rules;
  play_.known = known;
  begin_anew(taped());
}

void TapedPool::before_plan() {
  if (tape_ == nullptr || !tape_->running() || pool_.empty()) return;
  if (!taped() && tape_->may_begin(pool_.size())) begin_anew(true);
  note_looks();
}

TickPlan TapedPool::plan(BucketMs now, Workspace& workspace) {
  TickPlan tick;
  last_ = Last::nothing;
  if (pool_.empty()) return tick;
  const auto needed = static_cast<std::size_t>(play_.rules.teams * play_.team_size);
  if (play_.known && pool_.players() >= needed) {
    last_ = Last::planned;
    tick = matchmaker::plan(pool_, play_.rules, now, memory_, workspace);
  } else {
    last_ = Last::timed;
    tick.expired = pool_.expired(now);
  }
  settlings_seen_ = pool_.settlings();
  return tick;
}

void TapedPool::after_plan(BucketMs now, const TickPlan& plan) {
  if (!taped() || last_ == Last::nothing) return;
  if (last_ == Last::planned) tape_->planned(track_, now, plan);
  else tape_->timed(track_, now, plan.expired);
}

void TapedPool::note_looks() {
  if (settlings_seen_ == pool_.settlings()) return;
  settlings_seen_ = pool_.settlings();
  if (taped()) tape_->looked(track_);
}

// An empty pool has no tickets to move, so beginning anew costs nothing.
void TapedPool::begin_if_empty() {
  if (tape_ != nullptr && tape_->running() && !taped() && pool_.empty()) begin_fresh(true);
}

void TapedPool::begin_anew(bool on_tape) {
  const Pool before = std::exchange(pool_, Pool(play_.rules, play_.team_size, play_.region));
  begin_fresh(on_tape);
  before.for_each([this](const PoolTicket& ticket) { upsert(ticket); });
}

void TapedPool::begin_fresh(bool on_tape) {
  pool_ = Pool(play_.rules, play_.team_size, play_.region);
  memory_ = {};
  settlings_seen_ = 0;
  if (on_tape) tape_->begin(track_, name_, play_.rules, play_.known);
}

}  // namespace mm::matchmaker::recording
