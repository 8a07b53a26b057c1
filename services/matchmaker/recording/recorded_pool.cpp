#include "services/matchmaker/recording/recorded_pool.h"

namespace mm::matchmaker::recording {

RecordedPool::RecordedPool(std::string name, Setup setup, EventEncoder* encoder)
    : name_(std::move(name)),
      setup_(std::move(setup)),
      pool_(setup_.rules, setup_.team_size, setup_.region),
      encoder_(encoder) {}

RecordedPool::~RecordedPool() {
  if (is_recorded()) encoder_->end(track_);
}

matching::Pool::Upserted RecordedPool::upsert(const matching::PoolTicket& ticket) {
  begin_if_empty();
  note_sorts();
  const auto upserted = pool_.upsert(ticket);
  updates_seen_ = pool_.updates();
  if (is_recorded() && upserted != matching::Pool::Upserted::ignored)
    encoder_->put(track_, *pool_.slot_of(ticket.id), ticket);
  return upserted;
}

bool RecordedPool::erase(TicketId id, LeaveReason why) {
  note_sorts();
  const auto slot = pool_.slot_of(id);
  if (!slot) return false;
  if (is_recorded()) encoder_->left(track_, *slot, why);
  pool_.erase(id);
  updates_seen_ = pool_.updates();
  return true;
}

void RecordedPool::clear() { begin_fresh(is_recorded()); }

void RecordedPool::set_rules(const ModeRules& rules, bool known) {
  setup_.rules = rules;
  setup_.known = known;
  begin_anew(is_recorded());
}

void RecordedPool::before_plan() {
  if (encoder_ == nullptr || !encoder_->running() || pool_.empty()) return;
  if (!is_recorded() && encoder_->may_begin(pool_.size())) begin_anew(true);
  note_sorts();
}

matching::TickPlan RecordedPool::plan(matching::BucketMs now, matching::Workspace& workspace) {
  matching::TickPlan tick;
  last_ = Last::nothing;
  if (pool_.empty()) return tick;
  const auto needed = static_cast<std::size_t>(setup_.rules.teams * setup_.team_size);
  if (setup_.known && pool_.players() >= needed) {
    last_ = Last::planned;
    tick = matching::plan(pool_, setup_.rules, now, memory_, workspace);
  } else {
    last_ = Last::timed;
    tick.expired = pool_.expired(now);
  }
  updates_seen_ = pool_.updates();
  return tick;
}

void RecordedPool::after_plan(matching::BucketMs now, const matching::TickPlan& plan) {
  if (!is_recorded() || last_ == Last::nothing) return;
  if (last_ == Last::planned) encoder_->planned(track_, now, plan);
  else encoder_->timed(track_, now, plan.expired);
}

void RecordedPool::note_sorts() {
  if (updates_seen_ == pool_.updates()) return;
  updates_seen_ = pool_.updates();
  if (is_recorded()) encoder_->sorted(track_);
}

// An empty pool has no tickets to move, so beginning anew costs nothing.
void RecordedPool::begin_if_empty() {
  if (encoder_ != nullptr && encoder_->running() && !is_recorded() && pool_.empty()) begin_fresh(true);
}

void RecordedPool::begin_anew(bool recorded) {
  const matching::Pool before = std::exchange(pool_, matching::Pool(setup_.rules, setup_.team_size, setup_.region));
  begin_fresh(recorded);
  before.for_each([this](const matching::PoolTicket& ticket) { upsert(ticket); });
}

void RecordedPool::begin_fresh(bool recorded) {
  pool_ = matching::Pool(setup_.rules, setup_.team_size, setup_.region);
  memory_ = {};
  updates_seen_ = 0;
  if (recorded) encoder_->begin(track_, name_, setup_.rules, setup_.known);
}

}  // namespace mm::matchmaker::recording
