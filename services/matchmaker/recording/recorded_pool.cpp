#include "services/matchmaker/recording/recorded_pool.h"

namespace mm::matchmaker::recording {

RecordedPool::RecordedPool(std::string name, Play play, EventEncoder* encoder)
    : name_(std::move(name)), play_(std::move(play)), pool_(play_.rules, play_.team_size, play_.region), encoder_(encoder) {}

RecordedPool::~RecordedPool() {
  if (taped()) encoder_->end(track_);
}

matching::Pool::Upserted RecordedPool::upsert(const matching::PoolTicket& ticket) {
  begin_if_empty();
  note_looks();
  const auto upserted = pool_.upsert(ticket);
  settlings_seen_ = pool_.updates();
  if (taped() && upserted != matching::Pool::Upserted::ignored) encoder_->put(track_, *pool_.slot_of(ticket.id), ticket);
  return upserted;
}

bool RecordedPool::erase(TicketId id, Left why) {
  note_looks();
  const auto slot = pool_.slot_of(id);
  if (!slot) return false;
  if (taped()) encoder_->left(track_, *slot, why);
  pool_.erase(id);
  settlings_seen_ = pool_.updates();
  return true;
}

void RecordedPool::clear() { begin_fresh(taped()); }

void RecordedPool::set_rules(const ModeRules& rules, bool known) {
  play_.rules = rules;
  play_.known = known;
  begin_anew(taped());
}

void RecordedPool::before_plan() {
  if (encoder_ == nullptr || !encoder_->running() || pool_.empty()) return;
  if (!taped() && encoder_->may_begin(pool_.size())) begin_anew(true);
  note_looks();
}

matching::TickPlan RecordedPool::plan(matching::BucketMs now, matching::Workspace& workspace) {
  matching::TickPlan tick;
  last_ = Last::nothing;
  if (pool_.empty()) return tick;
  const auto needed = static_cast<std::size_t>(play_.rules.teams * play_.team_size);
  if (play_.known && pool_.players() >= needed) {
    last_ = Last::planned;
    tick = matching::plan(pool_, play_.rules, now, memory_, workspace);
  } else {
    last_ = Last::timed;
    tick.expired = pool_.expired(now);
  }
  settlings_seen_ = pool_.updates();
  return tick;
}

void RecordedPool::after_plan(matching::BucketMs now, const matching::TickPlan& plan) {
  if (!taped() || last_ == Last::nothing) return;
  if (last_ == Last::planned) encoder_->planned(track_, now, plan);
  else encoder_->timed(track_, now, plan.expired);
}

void RecordedPool::note_looks() {
  if (settlings_seen_ == pool_.updates()) return;
  settlings_seen_ = pool_.updates();
  if (taped()) encoder_->looked(track_);
}

// An empty pool has no tickets to move, so beginning anew costs nothing.
void RecordedPool::begin_if_empty() {
  if (encoder_ != nullptr && encoder_->running() && !taped() && pool_.empty()) begin_fresh(true);
}

void RecordedPool::begin_anew(bool on_tape) {
  const matching::Pool before = std::exchange(pool_, matching::Pool(play_.rules, play_.team_size, play_.region));
  begin_fresh(on_tape);
  before.for_each([this](const matching::PoolTicket& ticket) { upsert(ticket); });
}

void RecordedPool::begin_fresh(bool on_tape) {
  pool_ = matching::Pool(play_.rules, play_.team_size, play_.region);
  memory_ = {};
  settlings_seen_ = 0;
  if (on_tape) encoder_->begin(track_, name_, play_.rules, play_.known);
}

}  // namespace mm::matchmaker::recording
