#include "tests/chaos/recovery/world.h"

#include <array>
#include <cstdlib>

#include "common/bus/consumer.h"
#include "common/bus/event_signature.h"
#include "common/bus/stream_setup.h"
#include "common/contracts/bus_rights.h"
#include "common/testing/players.h"
#include "common/testing/wait.h"

namespace mm::chaos {
namespace {

constexpr Milliseconds kRequestTimeout{1'000};
constexpr Milliseconds kInterval{5};
constexpr int kGameThreads = 8;

}  // namespace

std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, const std::string& user, metrics::Registry& metrics) {
  auto options = testing::bus_options(nats, user);
  // The daemons sign with keys of their own: the test needs the public key of each signer.
  for (const auto signer : rights::kSigners) {
    const auto key = security::SigningKey::parse(testing::secret("event_" + std::string(signer)));
    check(key.ok(), "a signer's key is one");
    options.keys.publishers.emplace(signer, *security::VerifyingKey::parse(key->public_text()));
  }
  auto bus = bus::Bus::connect(options, metrics, testing::soon());
  check(bus.ok(), "the test's NATS is not there");
  return std::move(*bus);
}

FakeGameServers::FakeGameServers(const testing::OwnNats& nats, Milliseconds length)
    : length_(length), bus_(connect(nats, "orchestrator", metrics_)), gateway_(connect(nats, "gateway", metrics_)) {
  bus::ServerOptions options;
  options.name = "orchestrator";
  server_ = std::make_unique<bus::Server>(*bus_, options, metrics_);
  server_->serve<AllocateServer>([this](const AllocateServer& r, const bus::Context&) { return allocate(r); });
  server_->serve<ReleaseServer>(
      [](const ReleaseServer& r, const bus::Context&) -> Reply<Released> { return Released{r.match_id}; });
  server_->start();
  for (int i = 0; i < kGameThreads; ++i) threads_.emplace_back([this] { run(); });
}

FakeGameServers::~FakeGameServers() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
}

Reply<Allocation> FakeGameServers::allocate(const AllocateServer& request) {
  const std::lock_guard lock(mutex_);
  const auto [known, fresh] = allocations_.try_emplace(request.match_id);
  if (!fresh) return known->second;
  known->second = {request.match_id, ServerId::fresh(SystemClock{}.now()), "127.0.0.1:1",
                   "ws://127.0.0.1:1/match/" + request.match_id.to_string()};
  ++allocated_;
  Game game;
  game.due = std::chrono::steady_clock::now() + length_;
  game.result.match_id = request.match_id;
  game.result.winning_team = 0;
  game.result.duration_seconds = 1;
  games_.push_back(std::move(game));
  return known->second;
}

void FakeGameServers::run() {
  while (!stopping_) {
    std::optional<Game> game;
    {
      const std::lock_guard lock(mutex_);
      if (!games_.empty() && games_.front().due <= std::chrono::steady_clock::now()) {
        game = std::move(games_.front());
        games_.pop_front();
      }
    }
    if (!game) {
      (void)testing::eventually([this] { return stopping_.load(); }, kInterval);
      continue;
    }
    const auto answer =
        gateway_->request(game->result, testing::as_server(game->result.match_id), Deadline::after(kRequestTimeout));
    if (answer) {
      ++reported_;
    } else if (answer.error().code == Code::match_over) {
      ++over_;
    } else {
      game->due = std::chrono::steady_clock::now() + kRequestTimeout;
      const std::lock_guard lock(mutex_);
      games_.push_back(std::move(*game));
    }
  }
}

Players::Players(const testing::OwnNats& nats, Match match, int callers)
    : match_(match), callers_(callers), bus_(connect(nats, "lobby", metrics_)) {
  for (int i = 0; i < callers; ++i) threads_.emplace_back([this, i] { run(i); });
}

Players::~Players() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
}

// A request that fails during an outage is not repeated: these players are lost.
void Players::run(int caller) {
  auto next = std::chrono::steady_clock::now();
  while (!stopping_) {
    const double rate = rate_;
    if (rate <= 0 || std::chrono::steady_clock::now() < next) {
      if (rate <= 0) next = std::chrono::steady_clock::now();
      (void)testing::eventually([&] { return stopping_ || std::chrono::steady_clock::now() >= next; }, kInterval);
      continue;
    }
    next = std::max(next, std::chrono::steady_clock::now() - std::chrono::milliseconds(500)) +
           std::chrono::microseconds(static_cast<std::int64_t>(1e6 * callers_ / (2 * rate)));
    const auto now = SystemClock{}.now();
    Enqueue request;
    request.ticket_id = TicketId::fresh(now);
    request.mode = *Mode::parse(match_ == Match::duel ? "duel" : "ranked");
    request.region = default_region();
    request.players = {{PlayerId::fresh(now), 1500.0 + caller, 60}};
    if (!bus_->request(request, Caller{}, Deadline::after(kRequestTimeout))) continue;
    const std::lock_guard lock(mutex_);
    queued_.insert(*request.ticket_id);
  }
}

std::set<TicketId> Players::queued() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

std::size_t Players::accepted() const {
  const std::lock_guard lock(mutex_);
  return queued_.size();
}

Watcher::Watcher(bus::Bus& bus) {
  subscriptions_.push_back(bus::subscribe<MatchFound>(bus, "", [this](const MatchFound& event) {
    const std::lock_guard lock(mutex_);
    found_at_.insert(event.created_at);
    if (!settled_.contains(event.match_id)) found_.emplace(event.match_id, event.created_at);
  }));
  const auto settle = [this](MatchId match) {
    settled_.insert(match);
    const auto found = found_.find(match);
    if (found == found_.end()) return TimePoint{};
    const auto at = found->second;
    found_.erase(found);
    return at;
  };
  subscriptions_.push_back(bus::subscribe<MatchReady>(bus, "", [this, settle](const MatchReady& event) {
    const std::lock_guard lock(mutex_);
    if (!settled_.contains(event.match_id)) ++ready_;
    latest_ready_ = std::max(latest_ready_, settle(event.match_id));
  }));
  subscriptions_.push_back(bus::subscribe<MatchCancelled>(bus, "", [this, settle](const MatchCancelled& event) {
    const std::lock_guard lock(mutex_);
    ++cancelled_;
    settle(event.match_id);
  }));
}

std::size_t Watcher::open() const {
  const std::lock_guard lock(mutex_);
  return found_.size();
}
std::size_t Watcher::found() const {
  const std::lock_guard lock(mutex_);
  return found_.size() + settled_.size();
}
std::size_t Watcher::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}
std::size_t Watcher::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}
std::optional<TimePoint> Watcher::first_found_after(TimePoint since) const {
  const std::lock_guard lock(mutex_);
  const auto found = found_at_.upper_bound(since);
  return found == found_at_.end() ? std::nullopt : std::optional(*found);
}
bool Watcher::ready_of_later(TimePoint since) const {
  const std::lock_guard lock(mutex_);
  return latest_ready_ > since;
}

World::World() {
  bus = connect(nats, "test", metrics_);
  watcher = std::make_unique<Watcher>(*bus);
  games = std::make_unique<FakeGameServers>(nats, Milliseconds{500});
  session = start("session", true);
  others_.push_back(start("profile", true));
  others_.push_back(start("leaderboard", true));
  others_.push_back(start("lobby", false));
  matchmaker = start("matchmaker", false);
  const bool up = testing::eventually(
      [&] {
        return bus->request(GetQueues{}, Caller{}, Deadline::after(kRequestTimeout)).ok() &&
               bus->request(GetMatch{MatchId::fresh(SystemClock{}.now()), {}}, Caller{},
                            Deadline::after(kRequestTimeout))
                       .error()
                       .code == Code::not_found;
      },
      Milliseconds{60'000});
  check(up, "the daemons have not come up");
  players = std::make_unique<Players>(nats);
}

World::~World() {
  players.reset();
  games.reset();
  session.reset();
  matchmaker.reset();
  others_.clear();
  if (std::getenv("MM_KEEP_LOGS") != nullptr) folder_.keep();
}

void World::replace_matchmaker() {
  matchmaker->kill();
  matchmaker = start("matchmaker", false);
}

std::unique_ptr<testing::DaemonProcess> World::start(const std::string& name, bool with_postgres) {
  std::vector<std::string> settings{"MM_NATS_URL=" + nats.url(), "MM_ADMIN_PORT=0", "MM_LOG_LEVEL=warning"};
  if (with_postgres) settings.push_back("MM_POSTGRES_URL=" + postgres.url_as(name));
  if (name != "leaderboard") settings.push_back("MM_REDIS_CACHE_URL=" + cache.url_as(name));
  if (name == "matchmaker" || name == "lobby") settings.push_back("MM_REDIS_QUEUE_URL=" + queue.url_as(name));
  return std::make_unique<testing::DaemonProcess>(name, std::move(settings), folder_.path() + "/" + name + ".log");
}

namespace {

/// The field that every event of the stream has.
struct OfMatch {
  MatchId match_id;
};
template <class F>
void describe(F& f, OfMatch& m) {
  f("match_id", m.match_id);
}
template <const char* kText>
struct Counted : OfMatch {
  static constexpr Subject kSubject{kText};
};
constexpr char kFound[] = "match.found";
constexpr char kReady[] = "match.ready";
constexpr char kCompleted[] = "match.completed";
constexpr char kCancelled[] = "match.cancelled";
constexpr char kRated[] = "match.rated";
constexpr char kLast[] = "match.last";

}  // namespace

std::map<TicketId, std::string> World::unaccounted_tickets() {
  std::map<TicketId, int> played;
  for (const auto& row :
       database.rows("SELECT jsonb_path_query(roster, 'strict $.**.ticket_id') #>> '{}' FROM session.match "
                     "WHERE state = 'completed'")) {
    ++played[*TicketId::parse(row[0])];
  }
  std::map<TicketId, std::string> unaccounted;
  for (const auto& ticket : players->queued()) {
    if (const auto found = played.find(ticket); found != played.end()) {
      if (found->second > 1) unaccounted[ticket] = "has played " + std::to_string(found->second) + " matches";
      continue;
    }
    const auto now = bus->request(GetTicket{default_tenant(), ticket, {}}, Caller{}, testing::soon());
    if (!now) unaccounted[ticket] = now.error().detail;
    else if (now->status != TicketStatus::searching) unaccounted[ticket] = "has not played and is not queued";
  }
  return unaccounted;
}

std::map<MatchId, int> World::events_per_match() {
  const std::array wanted{rights::StreamConsumer{streams::kMatch, "counter", "test", streams::kMatch.subjects}};
  const auto made = bus::set_up_streams(*bus, wanted, testing::soon());
  check(made.ok(), "the counting consumer could not be made");
  std::mutex mutex;
  std::map<MatchId, int> events;
  std::atomic<bool> done = false;
  bus::Consumer consumer(*bus, streams::kMatch, {.name = "counter", .batch = 500}, metrics_);
  const auto count = [&]<class E>(std::type_identity<E>) {
    consumer.on<E>([&](const E& event, const bus::EventInfo&) {
      const std::lock_guard lock(mutex);
      ++events[event.match_id];
      return bus::Ack::done;
    });
  };
  count(std::type_identity<Counted<kFound>>{});
  count(std::type_identity<Counted<kReady>>{});
  count(std::type_identity<Counted<kCompleted>>{});
  count(std::type_identity<Counted<kCancelled>>{});
  count(std::type_identity<Counted<kRated>>{});
  consumer.on<Counted<kLast>>([&](const auto&, const bus::EventInfo&) {
    done = true;
    return bus::Ack::done;
  });
  const OfMatch last{MatchId::fresh(SystemClock{}.now())};
  check(bus->store(kLast, wire::encode(last), last.match_id.to_string(), {}, testing::soon()).ok(),
        "the mark is not stored");
  consumer.start();
  check(testing::eventually([&] { return done.load(); }, Milliseconds{180'000}), "the stream could not be read");
  const std::lock_guard lock(mutex);
  return events;
}

std::int64_t World::live_matches() {
  storage::Redis redis(testing::redis_options(queue));
  const auto reply = redis.command({"HLEN", "mm:{default}:live"}, testing::soon());
  return reply ? reply->integer : -1;
}

}  // namespace mm::chaos
