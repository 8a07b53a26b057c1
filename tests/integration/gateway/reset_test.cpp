// Tests of sockets after a reset of the queue: players learn what the queue has lost.
#include "common/contracts/queue_generation.h"
#include "tests/integration/gateway/socket_players.h"

namespace mm::gateway::testing {
namespace {

Ticket ticket_of(TicketStatus status) {
  Ticket ticket;
  ticket.ticket_id = ticket.queue_entry_id = TicketId::fresh(SystemClock{}.now());
  ticket.mode = *Mode::parse("ranked");
  ticket.region = default_region();
  ticket.queued_at = SystemClock{}.now();
  ticket.status = status;
  return ticket;
}

void reset_queue() {
  const QueueReset event{GenerationId::fresh(SystemClock{}.now())};
  EXPECT_TRUE(World::get().bus->publish(event).ok());
}

/// A frame of lobby with a number of its own.
template <class F>
void send(const Player& player, const F& frame) {
  storage::Redis redis(mm::testing::redis_options(World::get().cache));
  SystemClock clock;
  bus::Notifier(*World::get().bus, redis, clock).notify(default_tenant(), {player.id}, frame);
}

TEST(QueueReset, TellsThatTheTicketAndThePartyOfTheWelcomeAreGone) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  const auto ticket = ticket_of(TicketStatus::searching);
  const auto party = party_of({player});
  fake<GetTicket>().answer(ticket);
  fake<GetParty>().answer(party);
  Welcomed one(player);
  nobody_is_anywhere();
  reset_queue();
  const auto left = one.socket.read();
  EXPECT_EQ(left.at("event"), "queue_left");
  EXPECT_EQ(left.at("data/ticket_id"), ticket.ticket_id.to_string());
  EXPECT_EQ(left.at("data/reason"), "queue_reset");
  EXPECT_EQ(left.at("seq"), "0") << "clients drop a number that they have seen";
  const auto disbanded = one.socket.read();
  EXPECT_EQ(disbanded.at("event"), "party_disbanded");
  EXPECT_EQ(disbanded.at("seq"), "0");
  EXPECT_EQ(disbanded.at("data/party_id"), party.party_id.to_string());
  const auto welcome = one.socket.read();
  EXPECT_EQ(welcome.at("event"), "welcome");
  EXPECT_EQ(welcome.at("data/ticket"), "");
  // A second event has nothing more to tell.
  reset_queue();
  EXPECT_EQ(one.socket.read().at("event"), "welcome");
}

TEST(QueueReset, TellsThatATicketOfALaterFrameIsGone) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  Welcomed one(player);
  const auto ticket = ticket_of(TicketStatus::searching);
  send(player, frames::QueueEntered{ticket});
  EXPECT_EQ(one.socket.read().at("event"), "queue_entered");
  reset_queue();
  EXPECT_EQ(one.socket.read().at("data/ticket_id"), ticket.ticket_id.to_string());
  EXPECT_EQ(one.socket.read().at("event"), "welcome");
}

TEST(QueueReset, TellsNothingOfATicketThatLeftOrIsStillThereOrIsInTheMatch) {
  nobody_is_anywhere();
  const auto left = fresh_player(), waiting = fresh_player(), playing = fresh_player();
  const auto ticket = ticket_of(TicketStatus::searching);
  Welcomed one(left);
  send(left, frames::QueueEntered{ticket});
  send(left, frames::QueueLeft{ticket.ticket_id, CloseReason::cancelled, {}});
  EXPECT_EQ(one.socket.read().at("event"), "queue_entered");
  EXPECT_EQ(one.socket.read().at("event"), "queue_left");
  Welcomed two(waiting);
  send(waiting, frames::QueueEntered{ticket});
  EXPECT_EQ(two.socket.read().at("event"), "queue_entered");
  Welcomed three(playing);
  send(playing, frames::QueueEntered{ticket});
  EXPECT_EQ(three.socket.read().at("event"), "queue_entered");
  fake<GetTicket>().answer([&](const GetTicket& request, const bus::Context&) -> Reply<Ticket> {
    if (request.player_id == waiting.id) return ticket;
    return refuse(Code::not_found);
  });
  fake<GetMatch>().answer([&](const GetMatch& request, const bus::Context&) -> Reply<MatchView> {
    if (request.player_id == playing.id) return match_with(playing);
    return refuse(Code::no_match);
  });
  reset_queue();
  for (auto* socket : {&one.socket, &two.socket, &three.socket}) EXPECT_EQ(socket->read().at("event"), "welcome");
}

}  // namespace
}  // namespace mm::gateway::testing
