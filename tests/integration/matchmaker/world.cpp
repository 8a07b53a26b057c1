#include "tests/integration/matchmaker/world.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "common/bus/stream_setup.h"
#include "common/testing/own_file.h"

namespace mm::matchmaker {
namespace {

/// Modes for tests: windows that widen fast, short waits, limits that are easy to reach.
constexpr const char* kModes = R"(
[[mode]]
id = "ranked"
widen_seconds = 2.0

[[mode]]
id = "casual"
initial_window = 5000.0
max_window = 5000.0

[[mode]]
id = "duel"
team_sizes = [1]

[[mode]]
id = "close"
team_sizes = [2]
max_party_spread = 100.0

[[mode]]
id = "near"
team_sizes = [1]
max_latency_ms = 80.0
latency_step_ms = 25.0
latency_step_seconds = 1.0

[[mode]]
id = "hasty"
team_sizes = [1]
max_wait_seconds = 1.0
)";

}  // namespace

FakeSession::FakeSession(const testing::OwnNats& nats)
    : bus_(connect(nats, metrics_)), server_(*bus_, {.name = "session"}, metrics_) {
  found_ = bus::subscribe<MatchFound>(*bus_, "", [this](const MatchFound& event) {
    const std::lock_guard lock(mutex_);
    if (ignoring_events_) return;
    matches_.emplace(event.match_id, MatchState{event.match_id, MatchStatus::allocating, false, {}, {}});
  });
  server_.serve<ReconcileMatches>(
      [this](const ReconcileMatches& request, const bus::Context&) { return reconcile(request); });
  server_.start();
}

void FakeSession::set_ignoring_events(bool ignoring) {
  const std::lock_guard lock(mutex_);
  ignoring_events_ = ignoring;
}

void FakeSession::set_unavailable(bool unavailable) {
  const std::lock_guard lock(mutex_);
  unavailable_ = unavailable;
}

void FakeSession::set_status(MatchId match, MatchStatus status, std::vector<TicketId> requeue) {
  const std::lock_guard lock(mutex_);
  auto& standing = matches_[match];
  standing = {match, status, false, {}, {}};
  if (status != MatchStatus::cancelled) return;
  standing.reason = CancelReason::conflict;
  standing.requeue = std::move(requeue);
}

int FakeSession::requests_about(MatchId match) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(match);
  return found == requests_.end() ? 0 : found->second;
}

Reply<MatchStates> FakeSession::reconcile(const ReconcileMatches& request) {
  const std::lock_guard lock(mutex_);
  for (const auto& found : request.matches) ++requests_[found.match_id];
  if (unavailable_) return refuse(Code::unavailable);
  MatchStates answer;
  for (const auto& found : request.matches) {
    const auto known =
        matches_.try_emplace(found.match_id, MatchState{found.match_id, MatchStatus::allocating, false, {}, {}});
    answer.matches.push_back(known.first->second);
    answer.matches.back().fresh = known.second;
  }
  return answer;
}

std::optional<MatchFound> Published::match_of(TicketId ticket) const {
  for (const auto& match : events<MatchFound>(ticket.to_string())) {
    for (const auto& team : match.teams) {
      for (const auto& player : team.players) {
        if (player.ticket_id == ticket) return match;
      }
    }
  }
  return std::nullopt;
}

int Published::times_closed(TicketId ticket) const {
  const auto closed = events<TicketClosed>(ticket.to_string());
  return static_cast<int>(
      std::count_if(closed.begin(), closed.end(), [&](const auto& t) { return t.ticket_id == ticket; }));
}

Settings World::settings(int tick_ms) const {
  static const testing::OwnFile modes(kModes);
  Settings settings;
  settings.redis_queue_url = redis.url_as("matchmaker");
  settings.redis_cache_url = cache.url_as("matchmaker");
  settings.modes_file = modes.path();
  settings.tick_ms = tick_ms;
  settings.tenants = TenantList::any();
  return settings;
}

std::unique_ptr<Instance> World::start(const std::string& name, int tick_ms) const {
  return std::make_unique<Instance>(nats, settings(tick_ms), name);
}

std::string World::fresh_consumer(Stream stream, Subject subject) {
  static std::atomic<int> made = 0;
  const auto name = "reader_" + std::to_string(++made);
  const std::array wanted{rights::StreamConsumer{stream, name, "test", subject.text}};
  const auto done = bus::set_up_streams(*bus, wanted, soon());
  EXPECT_TRUE(done.ok()) << (done ? "" : done.error());
  return name;
}

void World::set_connected(const Tenant& tenant, PlayerId player) {
  storage::Redis sockets(testing::redis_options(cache));
  testing::set_connected(sockets, tenant, player);
}

storage::RedisReply World::redis_command(storage::Arguments arguments) {
  auto reply = queue.command(std::move(arguments), soon());
  EXPECT_TRUE(reply.ok()) << (reply ? "" : reply.error().text);
  return reply ? *reply : storage::RedisReply{};
}

World& shared() {
  struct Shared {
    World world;
    std::unique_ptr<Instance> instance = world.start("matchmaker-1");
  };
  static Shared all;
  return all.world;
}

Uuid uuid_issued(TimePoint at) {
  auto id = new_uuid(wall());
  const auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  return id;
}

TicketPlayer player_rated(double mmr) { return {fresh_player(), mmr, 60}; }
Mode mode_named(const std::string& name) { return *Mode::parse(name); }
Region region_named(const std::string& name) { return *Region::parse(name); }

Enqueue request_of(const Tenant& tenant, const std::string& mode, int team_size, const std::vector<double>& ratings) {
  Enqueue request;
  request.ticket_id = TicketId::fresh(wall());
  request.tenant = tenant;
  request.mode = mode_named(mode);
  request.region = default_region();
  request.team_size = team_size;
  for (const double rating : ratings) request.players.push_back(player_rated(rating));
  return request;
}

}  // namespace mm::matchmaker
