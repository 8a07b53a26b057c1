#include "tests/e2e/instances/load.h"

#include <optional>

#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/integration/web_client/web_client.h"

namespace mm::e2e {

/// One player with one connection.
class Load::Client {
 public:
  Client(Load& load, std::size_t number) : load_(load), gateway_(number % load.ports_.size()) {}

  /// Sends the request, counts it, and returns its answer.
  testing::Answer send(const std::string& method, const std::string& path, const std::string& body = "") {
    const auto answer =
        exchange(testing::text_of({method, path, {{"Authorization", "Bearer " + player_.token()}}, body}));
    const MutexLock lock(load_.mutex_);
    ++load_.answered_;
    if (answer.status < 200 || answer.status > 299) {
      load_.failures_.push_back(method + " " + path + ": " + std::to_string(answer.status) + " " + answer.body);
    }
    return answer;
  }

 private:
  testing::Answer exchange(const std::string& request) {
    // Nothing was sent to a gateway that does not accept the connection. All of them are tried twice.
    for (std::size_t tries = 0; tries < 2 * load_.ports_.size(); ++tries) {
      if (!connection_) connection_.emplace(load_.ports_[gateway_]);
      if (connection_->send(request)) break;
      connection_.reset();
      gateway_ = (gateway_ + 1) % load_.ports_.size();
    }
    if (!connection_) return {};
    const auto answer = connection_->read_answer();
    if (answer.status == 0 || answer.header("connection") == "close") connection_.reset();
    return answer;
  }

  Load& load_;
  const Player player_ = Player::fresh_after_outage();
  std::size_t gateway_;
  std::optional<testing::Connection> connection_;
};

Load::Load(Kind kind, std::vector<int> ports) : kind_(kind), ports_(std::move(ports)) {
  for (std::size_t i = 0; i < kPlayers; ++i) clients_.push_back(std::make_unique<Client>(*this, i));
  for (auto& client : clients_) {
    threads_.emplace_back([this, &one = *client] {
      while (pause()) play(one);
    });
  }
}

Load::~Load() {
  {
    const MutexLock lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

/// False: the load ends.
bool Load::pause() {
  MutexLock lock(mutex_);
  return !changed_.wait_for(lock, kPause, [this]() REQUIRES(mutex_) { return done_; });
}

void Load::play(Client& client) {
  for (const char* path : {"/v1/profile/me", "/v1/leaderboard", "/v1/matchmaking/active", "/v1/matches/history"}) {
    client.send("GET", path);
    pause();
  }
  const auto ticket = client.send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked","team_size":5})");
  pause();
  client.send("DELETE", "/v1/matchmaking/queue/" + ticket.at("ticket_id"));
  if (kind_ == Kind::repeatable) return;
  pause();
  const auto party = client.send("POST", "/v1/party", "{}");
  pause();
  client.send("PATCH", "/v1/profile/me", R"({"region":"us-east"})");
  pause();
  client.send("DELETE", "/v1/party/" + party.at("party_id") + "/leave");
}

int Load::answered() const {
  const MutexLock lock(mutex_);
  return answered_;
}

bool Load::answers_more(int count) const {
  const int before = answered();
  return testing::eventually([&] { return answered() >= before + count; }, Milliseconds{60'000});
}

std::vector<std::string> Load::failures() const {
  const MutexLock lock(mutex_);
  return failures_;
}

}  // namespace mm::e2e
