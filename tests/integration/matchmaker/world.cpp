#include "tests/integration/matchmaker/world.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>

#include "common/bus/stream_setup.h"
#include "common/testing/event_keys.h"

namespace mm::matchmaker {
namespace {

std::atomic<int> serial = 0;

/// Modes for tests: quick windows, short waits, limits that are easy to meet.
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

/// Gone with the program.
class ModesFile {
 public:
  ModesFile() : path_("/tmp/mm_modes_" + std::to_string(::getpid()) + ".toml") { std::ofstream(path_) << kModes; }
  ~ModesFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string& modes_file() {
  static const ModesFile file;
  return file.path();
}

storage::RedisOptions options_for(const testing::OwnRedis& server) {
  storage::RedisOptions options;
  options.url = server.url();
  options.password = server.password();
  return options;
}

}  // namespace

std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics, const std::string& user) {
  bus::Options options;
  options.url = nats.url();
  options.user = user;
  options.password = testing::OwnNats::password(user);
  options.name = user;
  options.keys = testing::event_keys();
  auto bus = bus::Bus::connect(options, metrics, soon());
  check(bus.ok(), "no connection to the test's nats-server");
  return std::move(*bus);
}

SessionDouble::SessionDouble(const testing::OwnNats& nats)
    : bus_(connect(nats, metrics_)), server_(*bus_, {.name = "session"}, metrics_) {
  ear_ = bus::subscribe<MatchFound>(*bus_, "", [this](const MatchFound& event) {
    const std::lock_guard lock(mutex_);
    if (deaf_) return;
    matches_.emplace(event.match_id, MatchStanding{event.match_id, MatchStatus::allocating, false, {}, {}});
  });
  server_.serve<ReconcileMatches>(
      [this](const ReconcileMatches& request, const bus::Context&) { return reconcile(request); });
  server_.start();
}

void SessionDouble::set_deaf(bool deaf) {
  const std::lock_guard lock(mutex_);
  deaf_ = deaf;
}

void SessionDouble::set_away(bool away) {
  const std::lock_guard lock(mutex_);
  away_ = away;
}

void SessionDouble::say(MatchId match, MatchStatus status, std::vector<TicketId> requeue) {
  const std::lock_guard lock(mutex_);
  auto& standing = matches_[match];
  standing = {match, status, false, {}, {}};
  if (status != MatchStatus::cancelled) return;
  standing.reason = CancelReason::conflict;
  standing.requeue = std::move(requeue);
}

int SessionDouble::asked(MatchId match) const {
  const std::lock_guard lock(mutex_);
  const auto found = asked_.find(match);
  return found == asked_.end() ? 0 : found->second;
}

Reply<MatchStandings> SessionDouble::reconcile(const ReconcileMatches& request) {
  const std::lock_guard lock(mutex_);
  for (const auto& found : request.matches) ++asked_[found.match_id];
  if (away_) return refuse(Code::unavailable);
  MatchStandings answer;
  for (const auto& found : request.matches) {
    const auto known =
        matches_.try_emplace(found.match_id, MatchStanding{found.match_id, MatchStatus::allocating, false, {}, {}});
    answer.matches.push_back(known.first->second);
    answer.matches.back().fresh = known.second;
  }
  return answer;
}

template <class E>
void Ear::listen(bus::Bus& bus, std::vector<E>& into) {
  subscriptions_.push_back(bus::subscribe<E>(bus, "", [this, &into](const E& event) {
    const std::lock_guard lock(mutex_);
    into.push_back(event);
  }));
}

Ear::Ear(bus::Bus& bus) {
  listen(bus, found_);
  listen(bus, closed_);
  listen(bus, requeued_);
  listen(bus, changed_);
  subscriptions_.push_back(std::make_unique<bus::Subscription>(
      bus, std::string(kNotifyPrefix) + "*", "", [this](std::string_view subject, std::string_view body) {
        const std::lock_guard lock(mutex_);
        frames_[std::string(subject)].emplace_back(body);
      }));
}

std::vector<std::string> Ear::frames_of(PlayerId player) const {
  const std::lock_guard lock(mutex_);
  const auto frames = frames_.find(notify_subject(player));
  return frames == frames_.end() ? std::vector<std::string>{} : frames->second;
}

std::optional<MatchFound> Ear::match_of(TicketId ticket) const {
  const std::lock_guard lock(mutex_);
  for (const auto& match : found_) {
    for (const auto& team : match.teams) {
      for (const auto& player : team.players) {
        if (player.ticket_id == ticket) return match;
      }
    }
  }
  return std::nullopt;
}

int Ear::times_found(MatchId match) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(found_.begin(), found_.end(), [&](const auto& m) { return m.match_id == match; }));
}

int Ear::times_closed(TicketId ticket) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(closed_.begin(), closed_.end(), [&](const auto& t) { return t.ticket_id == ticket; }));
}

Instance::Instance(const testing::OwnNats& nats, const Settings& settings, const std::string& name)
    : bus_(connect(nats, metrics_, "matchmaker")) {
  runtime_ = std::make_unique<Runtime>(
      Runtime{"matchmaker", name, clock_, credentials_, metrics_, health_, *bus_, nullptr});
  service_ = std::make_unique<Service>(settings, *runtime_);
}

Instance::~Instance() { stop(); }

void Instance::stop() {
  health_.pause_probes();
  service_.reset();
}

double Instance::metric(const std::string& series) const {
  const auto text = "\n" + metrics_.expose();
  const auto found = text.find("\n" + series + " ");
  if (found == std::string::npos) return 0;
  return std::stod(text.substr(found + series.size() + 2));
}

World::World()
    : bus(connect(nats, metrics)), queue(options_for(redis)), store(queue, {}), tick_store(queue) {
  session = std::make_unique<SessionDouble>(nats);
  ear = std::make_unique<Ear>(*bus);
}

Settings World::settings(int tick_ms) const {
  Settings settings;
  settings.redis_queue_url = redis.url_as("matchmaker");
  settings.redis_cache_url = cache.url_as("matchmaker");
  settings.modes_file = modes_file();
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

void World::open_socket(const Tenant& tenant, PlayerId player) {
  storage::Redis sockets(options_for(cache));
  const auto set = sockets.command(
      {"HSET", "mm:{" + tenant.str() + "}:presence:" + player.to_string(), "gateway-1", "1"}, soon());
  EXPECT_TRUE(set.ok()) << (set ? "" : set.error().text);
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

Tenant fresh_tenant() { return *Tenant::parse("t" + std::to_string(++serial)); }
PlayerId fresh_player() { return PlayerId::fresh(wall()); }
Uuid uuid_issued(TimePoint at) {
  auto id = new_uuid(wall());
  const auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  return id;
}

TicketPlayer player_rated(double mmr) { return {fresh_player(), mmr, 60}; }
Mode mode_named(const std::string& name) { return *Mode::parse(name); }
Region region_named(const std::string& name) { return *Region::parse(name); }
Caller as_player(const Tenant& tenant, PlayerId player) { return {tenant, Role::player, player, std::nullopt}; }

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
