// A game in C++17. It prints the result of a login at an invalid address.
#include <matchmaker/matchmaker.h>
#include <matchmaker/transport.h>

#include <iostream>

static_assert(__cplusplus == 201703L, "the SDK must leave a C++17 project at C++17");

int main() {
  matchmaker::ClientOptions options;
  options.gateway_url = "ftp://localhost";
  options.log = [](matchmaker::LogLevel, const std::string& text) { std::cout << text << "\n"; };
  matchmaker::Client client(options);
  client.events().match_completed = [](const matchmaker::MatchCompleted&) {};
  bool answered = false;
  client.login("alice", "correct horse", [&](matchmaker::Result<matchmaker::Done> result) {
    std::cout << (result ? "ok" : result.error().code) << "\n";
    answered = true;
  });
  while (!answered) client.wait(std::chrono::milliseconds(10));
  matchmaker::GameConnection connection("nowhere", "token", {});
  connection.tick();
  return 0;
}
