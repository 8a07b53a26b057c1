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
    {
      const std::lock_guard lock(mutex_);
      if (ignoring_events_) return;
    }
    learn(event);
  });
  server_.serve<ReconcileMatches>(
      [this](const ReconcileMatches& request, const bus::Context&) { return reconcile(request); });
  server_.serve<RecordGeneration>(
      [this](const RecordGeneration& request, const bus::Context&) { return record(request); });
  server_.serve<ListOpenMatches>(
      [this](const ListOpenMatches& request, const bus::Context&) { return open_matches(request); });
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
  for (const auto& found : request.matches) {
    ++requests_[found.match_id];
    if (!unavailable_) rosters_.emplace(found.match_id, found);
  }
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

void FakeSession::learn(const MatchFound& found) {
  const std::lock_guard lock(mutex_);
  rosters_.emplace(found.match_id, found);
  matches_.emplace(found.match_id, MatchState{found.match_id, MatchStatus::allocating, false, {}, {}});
}

std::optional<QueueGeneration> FakeSession::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

void FakeSession::set_generation(std::optional<QueueGeneration> generation) {
  const std::lock_guard lock(mutex_);
  generation_ = generation;
}

void FakeSession::set_verifying(bool verifying) {
  const std::lock_guard lock(mutex_);
  verifying_ = verifying;
}

int FakeSession::listings() const {
  const std::lock_guard lock(mutex_);
  return listings_;
}

Reply<RecordedGeneration> FakeSession::record(const RecordGeneration& request) {
  const std::lock_guard lock(mutex_);
  if (!verifying_) return refuse(Code::unavailable);
  const auto& next = request.generation;
  const bool follows = next && (!generation_ || generation_->number < next->number ||
                                (generation_->id == next->id && generation_->mark == next->mark - 1));
  if (follows) {
    generation_ = next;
    marked_at_ = wall();
  }
  return RecordedGeneration{generation_, marked_at_};
}

Reply<OpenMatches> FakeSession::open_matches(const ListOpenMatches& request) {
  constexpr std::size_t kPage = 3;
  const std::lock_guard lock(mutex_);
  ++listings_;
  if (!verifying_) return refuse(Code::unavailable);
  OpenMatches page;
  for (const auto& [id, found] : rosters_) {
    if (id <= request.after.value_or(MatchId()) || is_over(matches_.at(id).status)) continue;
    if (page.matches.size() == kPage) {
      page.next = page.matches.back().match_id;
      break;
    }
    page.matches.push_back(found);
  }
  return page;
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

GenerationRead World::generation() {
  const auto read = generation_store.read(soon());
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().text);
  return read ? *read : GenerationRead{};
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
