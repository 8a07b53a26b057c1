// A game in C++20. Designated initialisers of each options struct must compile without a warning.
#include <matchmaker/matchmaker.h>
#include <matchmaker/transport.h>

int main() {
  matchmaker::Client client({.gateway_url = "nowhere"});
  client.register_account({.username = "alice", .email = "alice@example.com", .password = "correct horse"}, {});
  client.create_party({.max_size = 3}, {});
  client.enter_queue({.mode = "duel"}, {});
  client.history({.limit = 5}, {});
  client.leaderboard({.season = "s1"}, {});
  client.events() = {.connected = [](const matchmaker::Active&) {}};
  const matchmaker::HttpRequest request{.method = "GET"};
  const matchmaker::HttpAnswer answer{.status = 200};
  const matchmaker::Socket::Handlers handlers{.opened = [] {}};
  const matchmaker::Error error{.code = "none"};
  matchmaker::GameConnection connection("nowhere", "token", {.joined = [] {}});
  connection.tick();
  return client.tick() == 0 && request.method.empty() && answer.status == 0 && !handlers.opened && error.code.empty();
}
