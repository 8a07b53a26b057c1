#include "common/bus/outbox.h"

#include <algorithm>
#include <map>
#include <vector>

#include "common/runtime/log.h"
#include "common/runtime/periodic_task.h"
#include "common/runtime/recovery_budget.h"
#include "common/storage/array_text.h"

namespace mm::bus {
namespace {

constexpr std::size_t kBatch = 100;
constexpr std::size_t kPruneBatch = 2'000;
constexpr Milliseconds kPollInterval{200};
constexpr Milliseconds kTurnTimeout{4'000};
constexpr Milliseconds kStoreTimeout{2'000};
constexpr Milliseconds kQueryTimeout{1'000};
constexpr Milliseconds kFirstPause{200};
constexpr Milliseconds kMaxPause{1'000};
constexpr Milliseconds kMeasureInterval{1'000};
constexpr Milliseconds kPruneInterval{60'000};
/// Interval of checks for rows to resend: another relay may have marked rows with an old server's id after this relay
/// had resent all rows.
constexpr Milliseconds kResendCheckInterval{10'000};
/// Pause between two batches of resent rows.
constexpr Milliseconds kResendPause{300};

struct Row {
  std::string id;
  std::string message_id;
  std::string subject;
  std::string body;
  trace::Context trace;
};

std::vector<Row> rows_of(const pqxx::result& result) {
  std::vector<Row> rows;
  for (const auto& row : result) {
    const auto trace = trace::parse_traceparent(row[4].as<std::string>());
    rows.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                    row[3].as<std::string>(), trace.value_or(trace::Context{})});
  }
  return rows;
}

/// Result of one turn: number of rows found, and number of rows that JetStream confirmed.
struct Turn {
  std::size_t found = 0;
  std::size_t confirmed = 0;
  std::string first_error;
};

bool due(SteadyPoint& next, Milliseconds every) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next) return false;
  next = now + every;
  return true;
}

}  // namespace

struct Outbox::Impl {
  Impl(storage::Postgres& postgres_in, Bus& bus_in, const std::string& schema, metrics::Registry& metrics)
      : postgres(postgres_in),
        bus(bus_in),
        table(schema + ".outbox"),
        add_name("add to " + table),
        add_sql(
            "INSERT INTO " + table +
            " (message_id, subject, body, traceparent) SELECT e.id, e.subject, e.body, e.trace FROM unnest($1::text[], "
            "$2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS e (id, subject, body, trace, place) "
            "ORDER BY e.place ON CONFLICT (message_id) DO NOTHING"),
        unsent(metrics.gauge("mm_outbox_unsent", "Events in the outbox that JetStream has not confirmed yet")),
        oldest(metrics.gauge("mm_outbox_oldest_unsent_seconds", "Age of the oldest event not confirmed yet")),
        published(metrics.counter("mm_outbox_published_total", "Events confirmed by JetStream, including resent ones")),
        failures(metrics.counter("mm_outbox_publish_failures_total", "Events JetStream did not confirm in time")),
        recovery(metrics, clock),
        relay([this] { return turn(); }) {}

  storage::Postgres& postgres;
  Bus& bus;
  const std::string table;
  const std::string add_name;
  const std::string add_sql;
  metrics::Gauge unsent;
  metrics::Gauge oldest;
  metrics::Counter published;
  metrics::Counter failures;
  const SystemClock clock;
  runtime::RecoveryBudget recovery;

  // Used only by the relay thread:
  std::string settled_server;  // id of the server for which no row is left to resend
  SteadyPoint next_resend_check{};
  SteadyPoint next_resend{};
  SteadyPoint next_measure{};
  SteadyPoint next_prune{};
  Milliseconds pause{0};  // after a failure
  Deadline retry_at = Deadline::at({});

  Milliseconds turn();
  bool send();
  storage::DatabaseResult<Turn> send_unsent();
  storage::DatabaseResult<Turn> send_lost(const std::string& server, std::size_t most);
  enum class Sent { first, again };
  Turn publish_and_mark(pqxx::work& tx, const std::vector<Row>& rows, Sent sent);
  void measure();
  void prune();

  runtime::PeriodicTask relay;  // last member: it uses all others
};

/// Runs one turn of the relay thread and returns the time until the next one. After a failure wake() does not shorten
/// the pause.
Milliseconds Outbox::Impl::turn() {
  const bool more = retry_at.passed() && bus.connected() && send();
  if (!relay.stopping() && due(next_measure, kMeasureInterval)) measure();
  if (!relay.stopping() && due(next_prune, kPruneInterval)) prune();
  return more ? Milliseconds{0} : std::max(retry_at.remaining(), kPollInterval);
}

/// Sends unsent rows, or rows that JetStream may have lost. Returns true if there is more to do immediately.
bool Outbox::Impl::send() {
  const auto server = bus.server_id();
  if (server.empty()) return false;
  auto outcome = send_unsent();
  const bool more = outcome && outcome->found == kBatch;
  const bool check_for_lost = settled_server != server || due(next_resend_check, kResendCheckInterval);
  if (outcome && outcome->first_error.empty() && !more && check_for_lost && due(next_resend, kResendPause)) {
    const auto room = std::min(kBatch, recovery.room());
    if (room == 0) return false;
    outcome = send_lost(server, room);
    if (outcome) recovery.spend(runtime::Recovery::event_resent, outcome->found);
    settled_server = outcome && outcome->found == 0 ? server : std::string();
  }
  const auto error = outcome ? outcome->first_error : outcome.error().text;
  if (error.empty()) {
    pause = Milliseconds{0};
    return more;
  }
  if (pause.count() == 0) log::warning("outbox_stalled", {{"table", table}, {"error", error}});
  pause = std::clamp(pause * 2, kFirstPause, kMaxPause);
  retry_at = Deadline::after(pause);
  return false;
}

storage::DatabaseResult<Turn> Outbox::Impl::send_unsent() {
  return postgres.transaction(Deadline::after(kTurnTimeout), [this](pqxx::work& tx) {
    return publish_and_mark(
        tx,
        rows_of(tx.exec_params("SELECT id, message_id, subject, body, traceparent FROM " + table +
                                   " WHERE sent_under IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
                               kBatch)),
        Sent::first);
  });
}

// The newest rows first: consumers have handled most of the older ones, and a stream that lost its end lost the newest.
storage::DatabaseResult<Turn> Outbox::Impl::send_lost(const std::string& server, std::size_t most) {
  return postgres.transaction(Deadline::after(kTurnTimeout), [&](pqxx::work& tx) {
    auto rows = rows_of(tx.exec_params("SELECT id, message_id, subject, body, traceparent FROM " + table +
                                           " WHERE sent_under <> $2 AND created_at > now() - interval '15 minutes'"
                                           " ORDER BY id DESC LIMIT $1 FOR UPDATE SKIP LOCKED",
                                       most, server));
    std::reverse(rows.begin(), rows.end());
    return publish_and_mark(tx, rows, Sent::again);
  });
}

// Idempotent by message id: if the commit fails after publishing, the rows are sent again.
Turn Outbox::Impl::publish_and_mark(pqxx::work& tx, const std::vector<Row>& rows, Sent sent) {
  Turn turn;
  turn.found = rows.size();
  if (rows.empty()) return turn;
  std::vector<Bus::Outgoing> events;
  events.reserve(rows.size());
  for (const auto& row : rows) events.push_back({row.subject, row.body, row.message_id, row.trace});
  const auto results = bus.store_all(events, Deadline::after(kStoreTimeout));
  std::map<std::string, std::string> ids_by_server;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // Without a server id the row could never be marked as sent, so this counts as a failure.
    if (!results[i] || results[i]->server_id.empty()) {
      failures.add();
      if (turn.first_error.empty())
        turn.first_error = results[i] ? "confirmed by an unknown server" : results[i].error();
      continue;
    }
    auto& ids = ids_by_server[results[i]->server_id];
    ids += (ids.empty() ? "{" : ",") + rows[i].id;
    ++turn.confirmed;
    if (sent == Sent::again && !results[i]->duplicate) recovery.count_lost();
  }
  for (const auto& [server, ids] : ids_by_server) {
    tx.exec_params("UPDATE " + table + " SET sent_under = $1 WHERE id = ANY ($2::bigint[])", server, ids + "}");
  }
  published.add(static_cast<double>(turn.confirmed));
  return turn;
}

void Outbox::Impl::measure() {
  const auto state = postgres.transaction(Deadline::after(kQueryTimeout), [this](pqxx::work& tx) {
    const auto row =
        tx.exec1("SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM " + table +
                 " WHERE sent_under IS NULL");
    return std::pair(row[0].as<double>(), row[1].as<double>());
  });
  if (!state) return;
  unsent.set(state->first);
  oldest.set(state->second);
}

void Outbox::Impl::prune() {
  std::size_t deleted = kPruneBatch;
  while (deleted == kPruneBatch && !relay.stopping()) {
    const auto gone = postgres.transaction(Deadline::after(kQueryTimeout), [this](pqxx::work& tx) {
      return tx
          .exec_params("DELETE FROM " + table + " WHERE id IN (SELECT id FROM " + table +
                           " WHERE created_at < now() - interval '1 hour' AND sent_under IS NOT NULL LIMIT $1)",
                       kPruneBatch)
          .affected_rows();
    });
    deleted = gone ? static_cast<std::size_t>(*gone) : 0;
  }
}

Outbox::Outbox(storage::Postgres& postgres, Bus& bus, std::string schema, metrics::Registry& metrics)
    : impl_(std::make_unique<Impl>(postgres, bus, schema, metrics)) {}

Outbox::~Outbox() = default;

void Outbox::add(pqxx::work& tx, const std::vector<Event>& events) {
  if (events.empty()) return;
  const auto column = [&](auto value) { return storage::array_text(events, value); };
  tx.conn().prepare(impl_->add_name, impl_->add_sql);
  tx.exec_prepared0(impl_->add_name, column([](const Event& e) { return e.message_id; }),
                    column([](const Event& e) { return e.subject; }), column([](const Event& e) { return e.body; }),
                    column([](const Event& e) { return e.trace.none() ? std::string() : e.trace.traceparent(); }));
}

void Outbox::wake() { impl_->relay.wake(); }

}  // namespace mm::bus
