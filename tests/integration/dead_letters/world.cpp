#include "tests/integration/dead_letters/world.h"

#include "common/bus/jetstream.h"
#include "services/leaderboard/dead_letters/command.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::leaderboard::dead_letters {
namespace {

Settings settings_for(const testing::OwnPostgres& postgres) {
  Settings settings;
  settings.postgres_url = postgres.url_as("leaderboard");
  return settings;
}

/// The URL of nats-server with the operator's password, as `make env` prints it.
std::string operator_url(const testing::OwnNats& nats) {
  return "nats://operator:" + testing::OwnNats::password("operator") + "@127.0.0.1:" + std::to_string(nats.port());
}

}  // namespace

Instance::Instance(const testing::OwnNats& nats, const testing::OwnPostgres& postgres)
    : Daemon(nats, settings_for(postgres), {"leaderboard-1"}) {}

void DeadLetterTest::SetUpTestSuite() {
  nats_ = std::make_unique<testing::OwnNats>();
  postgres_ = std::make_unique<testing::OwnPostgres>();
}

void DeadLetterTest::TearDownTestSuite() {
  nats_.reset();
  postgres_.reset();
}

// Each test begins without letters, and with a consumer that has read everything of earlier tests.
void DeadLetterTest::SetUp() {
  database().rows("DELETE FROM ops.dead_letter");
  bus::RawClient raw(nats().port());
  ASSERT_TRUE(raw.request("$JS.API.STREAM.PURGE.MATCH", "", ""));
  ASSERT_TRUE(eventually([&] { return unsettled() == 0; }));
}

std::unique_ptr<Consumer> DeadLetterTest::consumer(Handler handler) {
  auto made =
      std::make_unique<Consumer>(*session_, streams::kMatch, bus::ConsumerOptions{.name = "session"}, session_metrics_);
  made->on<Found>([handler = std::move(handler)](const Found& event, const bus::EventInfo&) { return handler(event); });
  made->start();
  return made;
}

std::string DeadLetterTest::publish(int number) { return publish_raw(wire::encode(Found{number})); }

std::string DeadLetterTest::publish_raw(std::string_view body) {
  auto id = new_uuid(SystemClock{}.now()).to_string();
  const auto stored = bus_->store(Found::kSubject.text, body, id, trace::new_trace(), soon());
  EXPECT_TRUE(stored.ok()) << stored.error();
  return id;
}

std::uint64_t DeadLetterTest::unsettled() {
  const auto last = bus::jetstream::last_sequence(bus_->impl(), streams::kMatch, soon());
  const auto state = bus::jetstream::find_consumer(bus_->impl(), streams::kMatch, "session", soon());
  if (!last || !state) return 1;
  return *last > state->acknowledged ? *last - state->acknowledged : 0;
}

DeadLetterTest::Run DeadLetterTest::command(const std::vector<std::string_view>& words) {
  Run run;
  run.status =
      run_command(words, {postgres().url(), operator_url(nats())}, [&](std::string_view text) { run.output += text; });
  return run;
}

}  // namespace mm::leaderboard::dead_letters
