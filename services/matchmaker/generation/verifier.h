// Queue verifier: makes sure that Redis "queue" contains everything that it once acknowledged before a match is
// committed in it. After a start of redis-server, and whenever its data goes back, it compares the queue's generation
// with the one that session stores (verdict.h). A queue that went back is brought in line: session's open matches
// become live, tickets of an older queue end, and the next generation begins. Until then no match is committed and no
// lease is acquired; enqueues and cancels go on. Session may store a match of the lost part later, because match.found
// was on its way, so the open matches are compared again some time afterwards.
//
// Each step may be repeated, by this or another instance, so instances may be killed and several may verify at the same
// time. Without session, the queue stays unverified.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "common/runtime/periodic_task.h"
#include "services/matchmaker/generation/verdict.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/queue/generation_store.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

class QueueVerifier {
 public:
  struct Parts {
    GenerationStore& store;
    RequestStore& requests;
    bus::Bus& bus;
    const Clock& clock;
    Metrics& metrics;
  };
  explicit QueueVerifier(const Parts& parts);

  /// Judges what was read from the queue just now. Returns the queue if matches may be committed in it; otherwise the
  /// verification begins. For the tick thread only.
  std::optional<VerifiedQueue> accept(const GenerationRead& read);
  /// The queue that was accepted last; none while it is not verified. Thread-safe.
  std::optional<VerifiedQueue> current() const;

 private:
  bool is_trusted(const GenerationRead& read) const REQUIRES(mutex_);
  Milliseconds round();
  void raise_mark(const QueueGeneration& current);
  bool is_recorded(const QueueGeneration& generation);
  void verify();
  /// Whether every match that session stored since the last mark is in the queue. None: session or the queue does not
  /// answer.
  std::optional<bool> has_latest_matches(const GenerationStore::Verification& verification, TimePoint marked_at);
  void begin_generation(Verdict verdict, const GenerationStore::Verification& verification,
                        const GenerationFacts& facts);
  void alarm(Verdict verdict, const GenerationStore::Verification& verification);
  bool restore_matches(const GenerationStore::Verification* verification);
  /// Calls `use` with each page of session's open matches. Returns false if session or the queue does not answer, if
  /// `use` returns false, or if the verification (may be null) is not open any more.
  bool for_each_page(const GenerationStore::Verification* verification, std::optional<MatchId> after,
                     const std::function<bool(const std::vector<MatchFound>&)>& use);
  bool end_old_tickets(BucketMs before);
  void adopt(const GenerationStore::Verification& verification, const QueueGeneration& generation);
  std::optional<RecordedGeneration> record(const std::optional<QueueGeneration>& generation);

  Parts parts_;
  mutable Mutex mutex_;
  std::optional<VerifiedQueue> current_ GUARDED_BY(mutex_);
  std::optional<QueueGeneration> seen_ GUARDED_BY(mutex_);  ///< the latest one that was accepted
  bool database_differs_ GUARDED_BY(mutex_) = false;        ///< session does not have the mark that it has confirmed
  // Used by the worker thread only:
  std::optional<QueueGeneration> marked_;  ///< as read in the last round
  bool recorded_ = false;                  ///< session has confirmed marked_
  GenerationId alarmed_;                   ///< of the verification for which the alarm was raised
  bool waiting_for_session_ = false;
  std::deque<SteadyPoint> restore_again_at_;
  runtime::PeriodicTask worker_;  // last member
};

}  // namespace mm::matchmaker
