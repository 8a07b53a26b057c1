#include "tests/integration/lobby/stack.h"

#include <stdexcept>

#include "common/testing/event_keys.h"

namespace mm::testing {
namespace {

constexpr Milliseconds kStartTimeout{20'000};

std::unique_ptr<bus::Bus> connect(const std::string& url, metrics::Registry& registry,
                                  const std::string& user = "test") {
  bus::Options options;
  options.url = url;
  options.user = user;
  options.password = OwnNats::password(user);
  options.name = user;
  options.keys = event_keys();
  auto bus = bus::Bus::connect(options, registry, Deadline::after(kStartTimeout));
  if (!bus) throw std::runtime_error(bus.error());
  return std::move(*bus);
}

storage::RedisOptions options_for(const OwnRedis& server) {
  storage::RedisOptions options;
  options.url = server.url();
  options.password = server.password();
  return options;
}

bus::ServerOptions profile_options() {
  bus::ServerOptions options;
  options.name = "profile";
  return options;
}

}  // namespace

ProfileStandIn::ProfileStandIn(bus::Bus& bus, metrics::Registry& metrics, std::vector<Rating> ratings)
    : ratings_(std::move(ratings)), server_(bus, profile_options(), metrics) {
  server_.serve<GetRatings>([this](const GetRatings& request, const bus::Context&) { return page(request); });
  server_.serve<GetProfile>([this](const GetProfile& request, const bus::Context&) -> Reply<Profile> {
    std::lock_guard lock(mutex_);
    if (strangers_.contains(request.player_id)) return refuse(Code::not_found);
    Profile profile;
    profile.player_id = request.player_id;
    profile.username = "somebody";
    profile.region = default_region();
    return profile;
  });
  server_.start();
}

void ProfileStandIn::add_stranger(PlayerId player) {
  std::lock_guard lock(mutex_);
  strangers_.insert(player);
}

Reply<Ratings> ProfileStandIn::page(const GetRatings& request) {
  if (!is_open_) return refuse(Code::unavailable);
  ++pages_read_;
  const std::size_t kPage = 2;
  const std::size_t from = request.cursor ? std::stoul(*request.cursor) : 0;
  Ratings page;
  for (std::size_t i = from; i < ratings_.size() && i < from + kPage; ++i) page.ratings.push_back(ratings_[i]);
  if (from + kPage < ratings_.size()) page.next_cursor = std::to_string(from + kPage);
  return page;
}

FrameRecorder::FrameRecorder(bus::Bus& bus)
    : frame_subscription_(bus, std::string(kNotifyPrefix) + "*", "",
                          [this](std::string_view subject, std::string_view body) { record(subject, body); }),
      event_subscription_(bus, "party.*", "", [this](std::string_view subject, std::string_view body) {
        std::lock_guard lock(mutex_);
        bodies_[std::string(subject)].emplace_back(body);
      }) {}

void FrameRecorder::record(std::string_view subject, std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return;
  const auto root = document->root();
  std::lock_guard lock(mutex_);
  frames_[std::string(subject.substr(kNotifyPrefix.size()))].push_back(
      {std::string(root.find("event")->string()), root.find("data")->text()});
}

std::vector<FrameRecorder::Frame> FrameRecorder::frames_of(PlayerId player) const {
  std::lock_guard lock(mutex_);
  const auto found = frames_.find(player.to_string());
  return found == frames_.end() ? std::vector<Frame>{} : found->second;
}

int FrameRecorder::count(PlayerId player, std::string_view event) const {
  int count = 0;
  for (const auto& frame : frames_of(player)) count += frame.event == event ? 1 : 0;
  return count;
}

std::optional<FrameRecorder::Frame> FrameRecorder::wait_for(PlayerId player, std::string_view event, int least) const {
  if (!eventually([&] { return count(player, event) >= least; })) return std::nullopt;
  std::optional<Frame> last;
  for (const auto& frame : frames_of(player)) {
    if (frame.event == event) last = frame;
  }
  return last;
}

Stack::Stack(const StackOptions& options)
    : bus(connect(nats.url(), registry)),
      queue(options_for(queue_server)),
      cache(options_for(cache_server)),
      recorder(std::make_unique<FrameRecorder>(*bus)),
      modes_file_(options.modes_file) {
  // Marks the cache as not new, so that a player without a record counts as not connected.
  (void)cache.command({"SET", "mm:{default}:seq:seen", "1"}, Deadline::after(kStartTimeout));
  profile = std::make_unique<ProfileStandIn>(*bus, registry, options.ratings);
  if (options.profile_answers) profile->open();
  matchmaker = std::make_unique<QueueStandIn>(*bus, queue, registry);
  start_lobby();
  if (options.profile_answers && !eventually([&] { return ready(); }, kStartTimeout)) {
    throw std::runtime_error("lobby does not become ready");
  }
}

Stack::~Stack() { stop_lobby(); }

Stack& Stack::shared() {
  static Stack stack;
  return stack;
}

void Stack::wait_for_frames() {
  const Gamer probe(*this);
  const auto party = party_of({&probe});
  const bool flow = eventually([&] {
    return probe.chat(party, "ping") &&
           eventually([&] { return recorder->count(probe.id, "chat_message") > 0; }, Milliseconds{1'000});
  });
  if (!flow) throw std::runtime_error("no frames are delivered");
}

void Stack::start_lobby() {
  lobby_.reset();
  lobby_bus_.reset();
  lobby_metrics_ = std::make_unique<metrics::Registry>();
  health_ = std::make_unique<runtime::Health>();
  lobby_bus_ = connect(nats.url(), *lobby_metrics_, "lobby");
  runtime_ = std::make_unique<Runtime>(
      Runtime{"lobby", "lobby-1", clock, credentials_, *lobby_metrics_, *health_, *lobby_bus_});
  lobby::Settings settings;
  settings.redis_queue_url = queue_server.url_as("lobby");
  settings.redis_cache_url = cache_server.url_as("lobby");
  settings.modes_file = modes_file_;
  settings.tenants = TenantList::any();
  lobby_ = std::make_unique<lobby::Service>(settings, *runtime_);
}

Gamer::Gamer(Stack& stack, std::string gamer_name, Socket socket, const Tenant& tenant)
    : id(PlayerId::fresh(SystemClock{}.now())), name(std::move(gamer_name)), stack_(stack), tenant_(tenant) {
  caller_.tenant = tenant;
  caller_.role = Role::player;
  caller_.player = id;
  if (socket == Socket::open) open_socket();
}

void Gamer::open_socket() const {
  const auto key = "mm:{" + tenant_.str() + "}:presence:" + id.to_string();
  (void)stack_.cache.command({"HSET", key, "gateway-1", "1"}, Deadline::after(Milliseconds{5'000}));
}

void Gamer::close_socket() const {
  const auto key = "mm:{" + tenant_.str() + "}:presence:" + id.to_string();
  (void)stack_.cache.command({"DEL", key}, Deadline::after(Milliseconds{5'000}));
}

Reply<std::vector<Invitation>> Gamer::invitations() const {
  auto list = ask(GetInvitations{});
  if (!list) return fail(std::move(list).error());
  return std::move(list->invites);
}

Reply<Party> Gamer::create(CreateParty wishes) const {
  wishes.username = name;
  return ask(wishes);
}

Reply<Ticket> Gamer::queue(PartyId party, const char* mode, std::optional<int> team_size) const {
  EnterQueue wishes;
  wishes.party_id = party;
  wishes.mode = *Mode::parse(mode);
  wishes.team_size = team_size;
  return ask(wishes);
}

Reply<Ticket> Gamer::queue_alone(const char* mode, std::optional<TicketId> ticket) const {
  EnterQueue wishes;
  wishes.mode = *Mode::parse(mode);
  wishes.ticket_id = ticket;
  return ask(wishes);
}

PartyId party_of(const std::vector<const Gamer*>& members, bool ready, CreateParty wishes) {
  const auto party = members.front()->create(std::move(wishes));
  if (!party) throw std::runtime_error("no party: " + party.error().detail);
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (const auto joined = members[i]->join(party->party_id); !joined) throw std::runtime_error("cannot join");
  }
  for (const auto* member : members) {
    if (ready && !member->ready(party->party_id)) throw std::runtime_error("cannot be ready");
  }
  return party->party_id;
}

}  // namespace mm::testing
