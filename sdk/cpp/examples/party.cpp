// Two players in a party: they create it, invite, join, chat, get ready, enter the queue together and leave it.
//   MM_GATEWAY_URL=http://127.0.0.1:8080 ./party
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include <matchmaker/matchmaker.h>

namespace mm = matchmaker;

// Makes calls in sequence: waits for each answer while it ticks both clients. A game would react in callbacks instead.
struct Script {
  mm::Client& one;
  mm::Client& two;

  template <class T>
  T get(const char* what, const std::function<void(mm::Callback<T>)>& call) {
    std::optional<mm::Result<T>> answer;
    call([&](mm::Result<T> result) { answer = std::move(result); });
    until(what, [&] { return answer.has_value(); });
    if (!*answer) {
      const auto& error = answer->error();
      std::fprintf(stderr, "%s: %s (%s)\n", what, error.code.c_str(), error.detail.c_str());
      std::exit(1);
    }
    std::printf("ok: %s\n", what);
    return answer->value();
  }

  void until(const char* what, const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) {
        std::fprintf(stderr, "%s: not within 20 s\n", what);
        std::exit(1);
      }
      one.tick();
      two.wait(std::chrono::milliseconds(5));
    }
  }

  void come_online(mm::Client& client, const std::string& name) {
    get<mm::Account>("register", [&](auto done) {
      client.register_account({name, name + "@example.com", "a long password", {}}, done);
    });
    get<mm::Done>("log in", [&](auto done) { client.login(name, "a long password", done); });
    bool connected = false;
    client.events().connected = [&](const mm::Active&) { connected = true; };
    client.connect();
    until("connect", [&] { return connected; });
    client.events().connected = nullptr;
  }
};

int main() {
  const char* given = std::getenv("MM_GATEWAY_URL");
  const std::string gateway = given ? given : "http://127.0.0.1:8080";
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  const auto suffix = std::to_string(now % 100'000'000);
  mm::Client carol({.gateway_url = gateway, .tenant = {}});
  mm::Client dave({.gateway_url = gateway, .tenant = {}});
  Script script{carol, dave};
  script.come_online(carol, "carol-" + suffix);
  script.come_online(dave, "dave-" + suffix);

  std::string invited_to, heard;
  dave.events().invited = [&](const mm::Invitation& invitation) { invited_to = invitation.party_id; };
  dave.events().chat_message = [&](const mm::ChatMessage& message) { heard = message.text; };
  bool queued = false, left = false;
  dave.events().queue_entered = [&](const mm::Ticket&) { queued = true; };
  dave.events().queue_left = [&](const mm::QueueLeft&) { left = true; };

  mm::PartyOptions options;
  options.max_size = 2;
  options.is_public = false;
  const auto party = script.get<mm::Party>("create a party", [&](auto done) { carol.create_party(options, done); });
  script.get<mm::Party>("invite", [&](auto done) { carol.invite(party.party_id, dave.player_id(), done); });
  script.until("receive the invitation", [&] { return invited_to == party.party_id; });
  script.get<mm::Party>("join", [&](auto done) { dave.join_party(invited_to, done); });
  script.get<mm::Done>("chat", [&](auto done) { carol.chat(party.party_id, "ready when you are", done); });
  script.until("receive the chat message", [&] { return heard == "ready when you are"; });
  script.get<mm::ReadyState>("carol is ready", [&](auto done) { carol.set_ready(party.party_id, true, done); });
  const auto ready =
      script.get<mm::ReadyState>("dave is ready", [&](auto done) { dave.set_ready(party.party_id, true, done); });
  if (!ready.all_ready) return 1;

  mm::QueueOptions queue;
  queue.mode = "casual";
  queue.team_size = 5;
  const auto ticket = script.get<mm::Ticket>(
      "queue together", [&](auto done) { carol.enter_queue_as_party(party.party_id, queue, done); });
  script.until("the friend is told", [&] { return queued; });
  script.get<mm::Done>("leave the queue", [&](auto done) { carol.leave_queue(ticket.ticket_id, done); });
  script.until("the friend is told again", [&] { return left; });
  return 0;
}
