#include "tests/simulation/platform/players.h"

namespace mm::simulation {
namespace {

constexpr Milliseconds kRequestTimeout{1'000};

Mode mode_named(const char* name) { return *Mode::parse(name); }

Caller caller_of(PlayerId player) {
  Caller caller;
  caller.role = Role::player;
  caller.player = player;
  return caller;
}

bool is_uncertain(const Problem& problem) {
  return problem.code == Code::unavailable || problem.code == Code::deadline_exceeded;
}

}  // namespace

Players::Players(Servers& servers, Ledger& ledger, int count)
    : servers_(servers), ledger_(ledger), process_(servers.simulator.add_process("players")) {
  for (int i = 0; i < count; ++i) players_.push_back(PlayerId::fresh(servers.simulator.true_time()));
}

void Players::start() {
  servers_.simulator.start(process_, [this] {
    bus_ = *bus::Bus::connect({}, metrics_, Deadline::after(kRequestTimeout));
    for (std::size_t i = 0; i < players_.size(); ++i) {
      ++busy_;
      servers_.simulator.start(process_, [this, i] {
        live(i);
        --busy_;
      });
    }
  });
}

void Players::think(int least_ms, int most_ms) {
  servers_.simulator.sleep(Milliseconds(servers_.simulator.random().between(least_ms, most_ms)));
}

template <class Req>
Reply<typename Req::Answer> Players::ask(const Req& request, const Caller& caller, int attempts) {
  for (int attempt = 1;; ++attempt) {
    auto answer = bus_->request(request, caller, Deadline::after(kRequestTimeout));
    if (answer || !is_uncertain(answer.error()) || attempt == attempts) return answer;
    think(50, 800);
  }
}

void Players::live(std::size_t self) {
  auto& random = servers_.simulator.random();
  const auto player = players_[self];
  const auto other = players_[(self + 1) % players_.size()];
  while (!stopped_) {
    think(0, 3'000);
    if (stopped_) return;
    const auto roll = random.unit();
    if (roll < 0.45) queue_alone(player);
    else if (roll < 0.65) queue_directly(player);
    else if (roll < 0.7) challenge(player, other);
    else play_as_party(player, other);
  }
}

void Players::queue_alone(PlayerId player) {
  EnterQueue request;
  request.mode = mode_named("duel");
  request.ticket_id = TicketId::fresh(servers_.simulator.true_time());
  const auto id = *request.ticket_id;
  ledger_.invoked.insert(id.to_string());
  const auto answer = ask(request, caller_of(player));
  if (!answer) return;
  ledger_.queued.emplace(id.to_string(), servers_.simulator.elapsed());
  wait_or_cancel(id, player, false);
}

// As another lobby would: without a party, for one player of a duel or two players of a pair.
void Players::queue_directly(PlayerId player) {
  auto& random = servers_.simulator.random();
  Enqueue request;
  request.ticket_id = TicketId::fresh(servers_.simulator.true_time());
  request.mode = mode_named(random.chance(0.7) ? "duel" : "pairs");
  request.region = default_region();
  request.players.push_back({player, 1'500.0 + static_cast<double>(random.between(-200, 200)), 100});
  if (random.chance(0.3)) request.latencies = Latencies{{default_region(), 20}, {*Region::parse("us-east"), 30}};
  const auto id = *request.ticket_id;
  ledger_.invoked.insert(id.to_string());
  const auto answer = ask(request, Caller{});
  if (!answer) return;
  ledger_.queued.emplace(id.to_string(), servers_.simulator.elapsed());
  wait_or_cancel(id, player, true);
}

void Players::challenge(PlayerId player, PlayerId other) {
  MakeMatch request;
  request.match_id = MatchId::fresh(servers_.simulator.true_time());
  request.mode = mode_named("duel");
  request.region = default_region();
  request.teams = {{{player, 1'500, 100}}, {{other, 1'500, 100}}};
  (void)ask(request, Caller{});
}

void Players::wait_or_cancel(TicketId ticket, PlayerId player, bool directly) {
  if (servers_.simulator.random().chance(0.3)) {
    think(0, 3'000);
    return cancel(ticket, player, directly);
  }
  for (int i = 0; i < 8 && !stopped_; ++i) {
    think(200, 1'500);
    GetTicket status;
    status.ticket_id = ticket;
    const auto answer = ask(status, Caller{}, 1);
    if (answer && answer->status != TicketStatus::searching) return;
  }
}

void Players::cancel(TicketId ticket, PlayerId player, bool directly) {
  Reply<CancelledTicket> answer = refuse(Code::unavailable);
  if (directly) {
    CancelTicket request;
    request.ticket_id = ticket;
    answer = ask(request, caller_of(player));
  } else {
    LeaveQueue request;
    request.ticket_id = ticket;
    answer = ask(request, caller_of(player));
  }
  if (answer && answer->status == TicketStatus::cancelled) ledger_.cancelled.insert(ticket.to_string());
  if (!answer && answer.error().code == Code::already_matched) ledger_.too_late.insert(ticket.to_string());
}

std::optional<PartyId> Players::form_party(PlayerId leader, PlayerId member) {
  CreateParty create;
  create.max_size = 2;
  create.username = "leader";
  std::optional<PartyId> party;
  if (const auto created = ask(create, caller_of(leader), 1)) {
    party = created->party_id;
  } else {
    // The answer may have been lost.
    GetParty get;
    get.player_id = leader;
    if (const auto found = ask(get, caller_of(leader))) party = found->party_id;
  }
  if (!party) return std::nullopt;
  JoinParty join;
  join.party_id = *party;
  join.username = "member";
  const std::pair key(party->to_string(), member.to_string());
  ledger_.left.erase(key);
  ++ledger_.joins[key];
  ++ledger_.joining[key];
  const auto joined = ask(join, caller_of(member));
  --ledger_.joining[key];
  if (!joined) return party;
  for (const auto player : {leader, member}) (void)ask(SetReady{*party, true}, caller_of(player));
  return party;
}

void Players::play_as_party(PlayerId leader, PlayerId member) {
  auto& random = servers_.simulator.random();
  const auto party = form_party(leader, member);
  if (!party) return;
  EnterQueue request;
  request.mode = mode_named("pairs");
  request.party_id = *party;
  request.ticket_id = TicketId::fresh(servers_.simulator.true_time());
  const auto id = *request.ticket_id;
  ledger_.invoked.insert(id.to_string());
  // At times the member leaves while the party is being queued.
  const bool races = random.chance(0.2);
  if (races) {
    ++busy_;
    servers_.simulator.start(process_, [this, party, member] {
      think(0, 5);
      leave_party(*party, member);
      --busy_;
    });
  }
  if (const auto answer = ask(request, caller_of(leader))) {
    ledger_.queued.emplace(id.to_string(), servers_.simulator.elapsed());
    if (random.chance(0.4)) {
      think(0, 4'000);
      leave_party(*party, random.chance(0.5) ? leader : member);
    } else {
      wait_or_cancel(id, leader, false);
    }
  }
  if (random.chance(0.7)) {
    leave_party(*party, member);
    leave_party(*party, leader);
  }
}

void Players::leave_party(PartyId party, PlayerId player) {
  const std::pair key(party.to_string(), player.to_string());
  const auto joins = ledger_.joins[key];
  const bool joining = ledger_.joining[key] > 0;
  const int losses = ledger_.losses;
  const auto left = ask(LeaveParty{party}, caller_of(player), 4);
  // If the player joined at the same time, it is unknown which came first. A queue that went back may have undone it.
  if (left && !joining && losses == ledger_.losses && joins == ledger_.joins[key]) ledger_.left.insert(key);
}

std::optional<std::vector<std::string>> Players::queue_newcomers() {
  std::vector<std::string> tickets;
  for (int i = 0; i < 2; ++i) {
    const auto player = PlayerId::fresh(servers_.simulator.true_time());
    EnterQueue request;
    request.mode = mode_named("duel");
    request.ticket_id = TicketId::fresh(servers_.simulator.true_time());
    ledger_.invoked.insert(request.ticket_id->to_string());
    if (!ask(request, caller_of(player), 5)) return std::nullopt;
    ledger_.queued.emplace(request.ticket_id->to_string(), servers_.simulator.elapsed());
    tickets.push_back(request.ticket_id->to_string());
  }
  return tickets;
}

}  // namespace mm::simulation
