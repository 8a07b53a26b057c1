#include "services/leaderboard/dead_letters/dead_letters.h"

#include <set>

#include "common/contracts/bus_rights.h"
#include "common/runtime/log.h"
#include "common/security/secrets.h"

namespace mm::leaderboard::dead_letters {
namespace {

constexpr Milliseconds kMeasureInterval{5'000};
constexpr Milliseconds kQueryTimeout{2'000};

metrics::Counter letters(metrics::Registry& registry, const char* outcome) {
  return registry.counter("mm_dead_letters_total", "Dead letters that daemons sent, by outcome",
                          {{"outcome", outcome}});
}

}  // namespace

DeadLetters::DeadLetters(storage::Postgres& postgres, metrics::Registry& metrics)
    : store_(postgres),
      stored_(letters(metrics, "stored")),
      known_(letters(metrics, "known")),
      refused_(letters(metrics, "refused")),
      unresolved_(metrics.gauge("mm_dead_letters_unresolved", "Dead letters that no operator has resolved")),
      oldest_(metrics.gauge("mm_dead_letters_oldest_unresolved_seconds", "Age of the oldest unresolved dead letter")),
      task_(kMeasureInterval, [this] { measure_and_sweep(); }) {}

void DeadLetters::serve_on(bus::Server& server) {
  std::set<std::string_view> daemons;
  for (const auto& consumer : rights::kConsumers) daemons.insert(consumer.daemon);
  for (const auto daemon : daemons) {
    server.serve_at<StoreDeadLetter>(std::string(daemon),
                                     [this, daemon](const StoreDeadLetter& letter, const bus::Context& context) {
                                       return store(daemon, letter, context.deadline);
                                     });
  }
}

// Idempotent by stream, consumer, sequence and stored_at.
Reply<Empty> DeadLetters::store(std::string_view daemon, const StoreDeadLetter& letter, Deadline deadline) {
  const auto body = security::base64url_decode(letter.event.body);
  if (!body) return refuse_field("/event/body", "is not base64url");
  if (body->size() > limits::kMaxEventBytes) return refuse(Code::payload_too_large);
  if (rights::owner_of(letter.stream, letter.consumer) != daemon) {
    return refuse(Code::forbidden, "the consumer belongs to another daemon");
  }
  const auto stored = store_.add(letter, *body, deadline);
  if (!stored) return fail(stored.error());
  switch (*stored) {
    case Stored::now: break;
    case Stored::earlier: known_.add(); return Empty{};
    case Stored::no_room:
      refused_.add();
      log::error("dead_letters_full", {{"stream", letter.stream}, {"consumer", letter.consumer}});
      return refuse(Code::queue_full, "there are too many unresolved dead letters");
  }
  stored_.add();
  unresolved_.add(1);
  log::error("dead_letter_stored", {{"stream", letter.stream},
                                    {"consumer", letter.consumer},
                                    {"subject", letter.event.subject},
                                    {"sequence", letter.event.sequence},
                                    {"reason", letter.reason}});
  return Empty{};
}

// The gauges keep their values while the database is away.
void DeadLetters::measure_and_sweep() {
  if (const auto present = store_.unresolved(Deadline::after(kQueryTimeout))) {
    unresolved_.set(static_cast<double>(present->count));
    oldest_.set(present->oldest_seconds);
  }
  (void)store_.sweep(Deadline::after(kQueryTimeout));
}

}  // namespace mm::leaderboard::dead_letters
