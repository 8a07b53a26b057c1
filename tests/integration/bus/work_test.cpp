// Tests of a server that gets more requests than it can answer: which are refused, and which are answered first.
#include <gmock/gmock.h>

#include "common/bus/async_requests.h"
#include "common/bus/server.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using testing::eventually;

struct ReadParty {
  static constexpr Subject kSubject{"lobby.get"};
  using Answer = Echoed;
  std::string text;
};
struct Begin {
  static constexpr Subject kSubject{"lobby.enqueue"};
  using Answer = Echoed;
  std::string text;
};
struct Cancel {
  static constexpr Subject kSubject{"lobby.cancel"};
  using Answer = Echoed;
  std::string text;
};
template <class F>
void describe(F& f, ReadParty& m) {
  f("text", m.text);
}
template <class F>
void describe(F& f, Begin& m) {
  f("text", m.text);
}
template <class F>
void describe(F& f, Cancel& m) {
  f("text", m.text);
}

/// A server with one worker, which is held by its first request until `gate` is open.
class Busy : public ::testing::Test {
 protected:
  void serve(ServerOptions options) {
    options.workers = 1;
    server_ = std::make_unique<Server>(*bus_, std::move(options), metrics_);
    add<ReadParty>();
    add<Begin>();
    add<Cancel>();
    server_->start();
  }
  template <class Req>
  void add() {
    server_->serve<Req>([this](const Req& request, const Context&) -> Reply<Echoed> {
      if (request.text == "hold") gate_.pass();
      const std::lock_guard lock(mutex_);
      handled_.push_back(request.text);
      return Echoed{request.text};
    });
  }
  template <class Req>
  void send(const std::string& text) {
    requests_.request(Req::kSubject.text, wire::encode(Req{text}), {}, {}, soon(),
                      [this](Reply<std::string> reply) { answered_.add(reply ? 1 : 0); });
  }
  void hold() {
    send<Cancel>("hold");
    ASSERT_TRUE(eventually([&] { return gate_.reached() == 1; }));
  }
  bool waiting(int count) {
    const auto line = "mm_bus_inbox_depth " + std::to_string(count) + "\n";
    return eventually([&] { return metrics_.expose().find(line) != std::string::npos; });
  }
  std::vector<std::string> handled() {
    const std::lock_guard lock(mutex_);
    return handled_;
  }

  testing::OwnNats nats_;
  metrics::Registry metrics_;
  metrics::Registry client_metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  std::unique_ptr<Bus> client_ = connect(nats_, client_metrics_);
  Gate gate_;
  std::mutex mutex_;
  std::vector<std::string> handled_;
  Numbers answered_;
  std::unique_ptr<Server> server_;
  AsyncRequests requests_{*client_, client_metrics_};
};

TEST_F(Busy, AnswersCancelsFirstAndReadsLast) {
  serve({.name = "lobby"});
  hold();
  send<ReadParty>("read");
  send<Begin>("begin");
  send<Cancel>("cancel");
  EXPECT_TRUE(waiting(3));
  gate_.open();
  EXPECT_TRUE(eventually([&] { return answered_.size() == 4; }));
  EXPECT_THAT(handled(), ::testing::ElementsAre("hold", "cancel", "begin", "read"));
}

TEST_F(Busy, RefusesReadsFirstAndCancelsLast) {
  serve({.name = "lobby", .inbox = 10});
  hold();
  for (int i = 0; i < 6; ++i) send<ReadParty>("read");
  EXPECT_TRUE(waiting(6));
  send<ReadParty>("refused");
  EXPECT_TRUE(eventually([&] { return answered_.size() == 1; }));
  for (int i = 0; i < 3; ++i) send<Begin>("begin");
  EXPECT_TRUE(waiting(9));
  send<Begin>("refused");
  EXPECT_TRUE(eventually([&] { return answered_.size() == 2; }));
  send<Cancel>("cancel");
  EXPECT_TRUE(waiting(10));
  send<Cancel>("refused");
  EXPECT_TRUE(eventually([&] { return answered_.size() == 3; }));
  gate_.open();
  EXPECT_TRUE(eventually([&] { return answered_.size() == 14; }));
  EXPECT_THAT(handled(), ::testing::Not(::testing::Contains("refused")));
  EXPECT_NE(metrics_.expose().find("mm_bus_requests_crowded_out_total 3\n"), std::string::npos);
}

TEST_F(Busy, RefusesOnlyNewWorkWhenTheDaemonSaysSo) {
  std::atomic<bool> refuse = true;
  serve({.name = "lobby", .refuse_new_work = [&]() -> std::optional<Problem> {
           if (!refuse) return std::nullopt;
           return mm::refuse(Code::unavailable, "memory is short").error;
         }});
  const auto refused = client_->request(Begin{"begin"}, {}, soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "memory is short");
  EXPECT_TRUE(client_->request(Cancel{"cancel"}, {}, soon()).ok());
  EXPECT_TRUE(client_->request(ReadParty{"read"}, {}, soon()).ok());
  refuse = false;
  EXPECT_TRUE(client_->request(Begin{"begin"}, {}, soon()).ok());
}

}  // namespace
}  // namespace mm::bus
