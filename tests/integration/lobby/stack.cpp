#include "tests/integration/lobby/stack.h"

#include <stdexcept>

namespace mm::testing {

FakeProfile::FakeProfile(bus::Bus& bus, metrics::Registry& metrics, std::vector<Rating> ratings)
    : ratings_(std::move(ratings)), server_(bus, {.name = "profile"}, metrics) {
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

void FakeProfile::add_stranger(PlayerId player) {
  std::lock_guard lock(mutex_);
  strangers_.insert(player);
}

Reply<Ratings> FakeProfile::page(const GetRatings& request) {
  if (!is_open_) return refuse(Code::unavailable);
  ++pages_read_;
  const std::size_t kPage = 2;
  const std::size_t from = request.cursor ? std::stoul(*request.cursor) : 0;
  Ratings page;
  for (std::size_t i = from; i < ratings_.size() && i < from + kPage; ++i) page.ratings.push_back(ratings_[i]);
  if (from + kPage < ratings_.size()) page.next_cursor = std::to_string(from + kPage);
  return page;
}

Stack::Stack(const StackOptions& options)
    : queue_server(OwnRedis::Instance::queue, options.queue_arguments),
      profile(*bus, registry, options.ratings),
      modes_file_(options.modes_file) {
  // Marks the cache as not new. In a new cache, a player without a record counts as perhaps connected.
  (void)cache.command({"SET", "mm:{default}:seq:seen", "1"}, soon());
  if (options.profile_answers) profile.open();
  start_lobby();
  if (options.profile_answers && !eventually([&] { return ready(); })) {
    throw std::runtime_error("lobby does not become ready");
  }
}

Stack& Stack::shared() {
  static Stack stack;
  return stack;
}

void Stack::wait_for_frames() {
  const Gamer probe(*this);
  const auto party = party_of({&probe});
  const bool flow = eventually([&] {
    return probe.chat(party, "ping") &&
           eventually([&] { return published.count(probe.id, "chat_message") > 0; }, Milliseconds{1'000});
  });
  if (!flow) throw std::runtime_error("no frames are delivered");
}

void Stack::start_lobby() {
  lobby_.reset();
  lobby::Settings settings;
  settings.redis_queue_url = queue_server.url_as("lobby");
  settings.redis_cache_url = cache_server.url_as("lobby");
  settings.modes_file = modes_file_;
  settings.tenants = TenantList::any();
  lobby_ = std::make_unique<Daemon<lobby::Service>>(nats, settings, DaemonOptions{"lobby-1", clock});
}

Gamer::Gamer(Stack& stack, std::string gamer_name, Socket socket, const Tenant& tenant)
    : id(fresh_player()), name(std::move(gamer_name)), stack_(stack), caller_(as_player(tenant, id)) {
  if (socket == Socket::open) open_socket();
}

void Gamer::open_socket() const { set_connected(stack_.cache, caller_.tenant, id); }

void Gamer::close_socket() const {
  const auto key = "mm:{" + caller_.tenant.str() + "}:presence:" + id.to_string();
  (void)stack_.cache.command({"DEL", key}, soon());
}

Reply<std::vector<Invitation>> Gamer::invitations() const {
  auto list = send(GetInvitations{});
  if (!list) return fail(std::move(list).error());
  return std::move(list->invites);
}

Reply<Party> Gamer::create(CreateParty options) const {
  options.username = name;
  return send(options);
}

Reply<Ticket> Gamer::queue(PartyId party, const char* mode, std::optional<int> team_size) const {
  EnterQueue options;
  options.party_id = party;
  options.mode = *Mode::parse(mode);
  options.team_size = team_size;
  return send(options);
}

Reply<Ticket> Gamer::queue_alone(const char* mode, std::optional<TicketId> ticket) const {
  EnterQueue options;
  options.mode = *Mode::parse(mode);
  options.ticket_id = ticket;
  return send(options);
}

PartyId party_of(const std::vector<const Gamer*>& members, bool ready, CreateParty options) {
  const auto party = members.front()->create(std::move(options));
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
