// Two players play a duel: they register, log in, queue, join the game server and receive their rating changes.
//   MM_GATEWAY_URL=http://127.0.0.1:8080 ./duel
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <matchmaker/matchmaker.h>

namespace mm = matchmaker;

// One player. A game usually has one Client per process and calls tick() in its frame loop.
struct Player {
  mm::Client client;
  std::string name;
  std::unique_ptr<mm::GameConnection> game;
  bool done = false;
  bool failed = false;

  Player(const std::string& gateway, std::string player_name)
      : client({.gateway_url = gateway, .tenant = {}}), name(std::move(player_name)) {
    client.events().connected = [this](const mm::Active&) {
      mm::QueueOptions duel;
      duel.mode = "duel";
      client.enter_queue(duel, [this](mm::Result<mm::Ticket> ticket) {
        if (!ticket) return fail("queue", ticket.error());
        std::printf("%s waits; the estimate is %.1f s\n", name.c_str(), ticket->estimated_wait_seconds);
      });
    };
    client.events().match_found = [this](const mm::MatchFound& match) {
      std::printf("%s: match found, quality %.2f\n", name.c_str(), match.quality);
    };
    client.events().session_ready = [this](const mm::SessionReady& session) {
      mm::GameConnection::Handlers handlers;
      handlers.joined = [this, endpoint = session.server_endpoint] {
        std::printf("%s is on the game server %s\n", name.c_str(), endpoint.c_str());
        game->send("{\"emote\":\"wave\"}");
      };
      handlers.message = [this](const std::string&, const std::string& data) {
        std::printf("%s receives %s\n", name.c_str(), data.c_str());
      };
      game = std::make_unique<mm::GameConnection>(session.server_url, session.join_token, std::move(handlers));
    };
    client.events().rating_changed = [this](const mm::RatingChanged& change) {
      std::printf("%s: %.2f -> %.2f\n", name.c_str(), change.mmr_before, change.mmr_after);
      done = true;
    };
  }

  void start() {
    const mm::Registration account{name, name + "@example.com", "a long password", {}};
    client.register_account(account, [this](mm::Result<mm::Account> made) {
      if (!made) return fail("register", made.error());
      client.login(name, "a long password", [this](mm::Result<mm::Done> in) {
        if (!in) return fail("log in", in.error());
        client.connect();
      });
    });
  }

  void fail(const char* what, const mm::Error& error) {
    std::fprintf(stderr, "%s could not %s: %s (%s)\n", name.c_str(), what, error.code.c_str(), error.detail.c_str());
    failed = true;
  }

  void tick() {
    client.tick();
    if (game) game->tick();
  }
};

int main() {
  const char* gateway = std::getenv("MM_GATEWAY_URL");
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  Player alice(gateway ? gateway : "http://127.0.0.1:8080", "alice-" + std::to_string(now % 100'000'000));
  Player bob(gateway ? gateway : "http://127.0.0.1:8080", "bob-" + std::to_string(now % 100'000'000));
  alice.start();
  bob.start();

  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  while (!(alice.done && bob.done)) {
    if (alice.failed || bob.failed || std::chrono::steady_clock::now() > end) return 1;
    alice.tick();
    bob.client.wait(std::chrono::milliseconds(5));
    bob.tick();
  }
  return 0;
}
