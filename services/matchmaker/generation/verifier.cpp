#include "services/matchmaker/generation/verifier.h"

#include <array>
#include <set>
#include <utility>

#include "common/contracts/subjects.h"
#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kMarkInterval{1'000};
constexpr Milliseconds kRetryInterval{200};
constexpr Milliseconds kQueueTimeout{1'000};
constexpr Milliseconds kSessionTimeout{2'000};
/// When session's open matches are compared again with the queue, after a generation has begun.
constexpr std::array kRestoreAgain{Milliseconds{3'000}, Milliseconds{15'000}, Milliseconds{60'000}};
/// Limit of the difference between the clocks of matchmakers, which stamp the ids of matches, and of the database,
/// which stamps marks.
constexpr Milliseconds kClockMargin{10'000};

/// Body of events.violation.store_went_back.
struct StoreWentBack {
  static constexpr std::string_view kCode = "store_went_back";
  std::string store;
  std::string verdict;
};
template <class F>
void describe(F& f, StoreWentBack& m) {
  f("store", m.store);
  f("verdict", m.verdict);
}

/// Less than every version 7 id that is issued at this time or later.
MatchId before_ids_of(TimePoint at) {
  Uuid id;
  const auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  return MatchId(id);
}

}  // namespace

QueueVerifier::QueueVerifier(const Parts& parts) : parts_(parts), worker_([this] { return round(); }) {}

bool QueueVerifier::is_trusted(const GenerationRead& read) const {
  return read.verified() && !database_differs_ && !(seen_ && precedes(*read.generation, *seen_));
}

std::optional<VerifiedQueue> QueueVerifier::accept(const GenerationRead& read) {
  bool lost = false;
  std::optional<VerifiedQueue> accepted;
  {
    const MutexLock lock(mutex_);
    if (is_trusted(read)) {
      accepted = VerifiedQueue{read.run, read.generation->number};
      seen_ = read.generation;
    }
    lost = current_ && !accepted;
    current_ = accepted;
  }
  if (lost) worker_.wake();
  return accepted;
}

std::optional<VerifiedQueue> QueueVerifier::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

Milliseconds QueueVerifier::round() {
  const auto read = parts_.store.read(Deadline::after(kQueueTimeout));
  if (!read) return kRetryInterval;
  const bool trusted = [&] {
    const MutexLock lock(mutex_);
    return is_trusted(*read);
  }();
  if (!trusted) {
    verify();
    return kRetryInterval;
  }
  raise_mark(*read->generation);
  if (!restore_again_at_.empty() && parts_.clock.steady() >= restore_again_at_.front()) {
    restore_again_at_.pop_front();
    (void)restore_matches(nullptr);
  }
  return kMarkInterval;
}

std::optional<RecordedGeneration> QueueVerifier::record(const std::optional<QueueGeneration>& generation) {
  auto recorded = parts_.bus.request(RecordGeneration{generation}, Caller{}, Deadline::after(kSessionTimeout));
  if (!recorded) return std::nullopt;
  return *std::move(recorded);
}

// One instance raises the mark: while a mark is new, another instance does.
void QueueVerifier::raise_mark(const QueueGeneration& current) {
  if (marked_ != current) {
    marked_ = current;
    recorded_ = false;
    return;
  }
  recorded_ = recorded_ || is_recorded(current);
  if (!recorded_) return;
  const auto raised = parts_.store.raise_mark(current, Deadline::after(kQueueTimeout));
  if (!raised || !*raised) return;
  ++marked_->mark;
  recorded_ = is_recorded(*marked_);
}

bool QueueVerifier::is_recorded(const QueueGeneration& generation) {
  const auto recorded = record(generation);
  if (!recorded) return false;
  const auto& stored = recorded->generation;
  if (stored && !precedes(*stored, generation)) return stored->id == generation.id;
  const MutexLock lock(mutex_);
  database_differs_ = true;
  return false;
}

void QueueVerifier::verify() {
  const auto fresh = GenerationId::fresh(parts_.clock.now());
  const auto verification = parts_.store.begin_verification(fresh, Deadline::after(kQueueTimeout));
  if (!verification) return;
  const auto recorded = record(std::nullopt);
  if (!std::exchange(waiting_for_session_, !recorded) && !recorded) log::warning("queue_waits_for_session");
  if (!recorded) return;
  GenerationFacts facts{verification->generation, recorded->generation, std::nullopt};
  {
    const MutexLock lock(mutex_);
    facts.seen = seen_;
  }
  // An instance has done everything but the last step.
  if (facts.database && facts.database->id == verification->next_id) return adopt(*verification, *facts.database);
  auto verdict = verdict_on(facts);
  if (verdict == Verdict::same) {
    const auto has_latest = has_latest_matches(*verification, recorded->marked_at.value_or(TimePoint{}));
    if (!has_latest) return;
    if (*has_latest) return adopt(*verification, *facts.queue);
    verdict = Verdict::older;
  }
  begin_generation(verdict, *verification, facts);
}

// The live matches are read before session is asked, and nothing is committed meanwhile: a match that ends in between
// is not open any more, and a match that is open and was not live is missing.
std::optional<bool> QueueVerifier::has_latest_matches(const GenerationStore::Verification& verification,
                                                      TimePoint marked_at) {
  const auto deadline = Deadline::after(kQueueTimeout);
  const auto tenants = parts_.requests.tenants(deadline);
  if (!tenants) return std::nullopt;
  const auto live = parts_.requests.live(*tenants, deadline);
  if (!live) return std::nullopt;
  std::set<MatchId> known;
  for (const auto& of_tenant : *live) known.insert(of_tenant.begin(), of_tenant.end());
  bool all = true;
  const auto compare = [&](const std::vector<MatchFound>& page) {
    for (const auto& match : page) all = all && known.contains(match.match_id);
    return true;
  };
  if (!for_each_page(&verification, before_ids_of(marked_at - kClockMargin), compare)) return std::nullopt;
  return all;
}

bool QueueVerifier::restore_matches(const GenerationStore::Verification* verification) {
  return for_each_page(verification, std::nullopt, [this](const std::vector<MatchFound>& page) {
    const auto restored = parts_.store.restore(page, Deadline::after(kQueueTimeout));
    if (!restored) {
      log::warning("matches_not_restored", {{"error", restored.error().text}});
      return false;
    }
    parts_.metrics.restored.add(static_cast<double>(*restored));
    return true;
  });
}

bool QueueVerifier::for_each_page(const GenerationStore::Verification* verification, std::optional<MatchId> after,
                                  const std::function<bool(const std::vector<MatchFound>&)>& use) {
  ListOpenMatches request{after};
  do {
    if (worker_.stopping()) return false;
    if (verification != nullptr) {
      const auto open = parts_.store.is_open(*verification, Deadline::after(kQueueTimeout));
      if (!open || !*open) return false;
    }
    const auto page = parts_.bus.request(request, Caller{}, Deadline::after(kSessionTimeout));
    if (!page) {
      log::warning("open_matches_not_listed", {{"error", page.error().detail}});
      return false;
    }
    if (!use(page->matches)) return false;
    request.after = page->next;
  } while (request.after);
  return true;
}

void QueueVerifier::begin_generation(Verdict verdict, const GenerationStore::Verification& verification,
                                     const GenerationFacts& facts) {
  alarm(verdict, verification);
  if (!restore_matches(&verification)) return;
  if (has_old_tickets(verdict) && !end_old_tickets(verification.since)) return;
  // Published before the last steps, so that it is published again if this instance is killed before these.
  if (verdict != Verdict::first && !parts_.bus.publish(QueueReset{verification.next_id})) return;
  const auto next = next_generation(verification.next_id, facts);
  const auto recorded = record(next);
  if (!recorded || recorded->generation != next) return;
  adopt(verification, next);
  restore_again_at_.clear();
  if (verdict == Verdict::first) return;
  const auto now = parts_.clock.steady();
  for (const auto pause : kRestoreAgain) restore_again_at_.push_back(now + pause);
}

// Once per verification, however often it is repeated.
void QueueVerifier::alarm(Verdict verdict, const GenerationStore::Verification& verification) {
  if (verdict == Verdict::first || std::exchange(alarmed_, verification.next_id) == verification.next_id) return;
  const bool database = verdict == Verdict::newer;
  (database ? parts_.metrics.database_went_back : parts_.metrics.queue_went_back).add();
  const StoreWentBack event{database ? "postgres" : "redis_queue", std::string(text_of(verdict))};
  log::error("store_went_back", {{"store", event.store}, {"verdict", event.verdict}});
  (void)parts_.bus.publish(violation_subject(StoreWentBack::kCode), wire::encode(event));
}

bool QueueVerifier::end_old_tickets(BucketMs before) {
  const auto tenants = parts_.requests.tenants(Deadline::after(kQueueTimeout));
  if (!tenants) return false;
  for (const auto& tenant : *tenants) {
    auto cursors = parts_.store.begin_reset(tenant, before, Deadline::after(kQueueTimeout));
    if (!cursors) return false;
    while (!cursors->empty()) {
      const auto ended = parts_.store.end_old_tickets(tenant, before, *cursors, Deadline::after(kQueueTimeout));
      if (!ended || worker_.stopping()) return false;
    }
  }
  return true;
}

void QueueVerifier::adopt(const GenerationStore::Verification& verification, const QueueGeneration& generation) {
  const auto adopted = parts_.store.adopt(verification, generation, Deadline::after(kQueueTimeout));
  if (!adopted || !*adopted) return;
  log::info("queue_verified", {{"generation", generation.id}, {"number", generation.number}});
  marked_.reset();
  const MutexLock lock(mutex_);
  database_differs_ = false;
}

}  // namespace mm::matchmaker
