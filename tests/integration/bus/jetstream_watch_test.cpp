// Tests of the watch that tells whether JetStream stores what a daemon publishes.
#include "common/bus/jetstream_watch.h"

#include <gmock/gmock.h>

#include "common/bus/jetstream.h"
#include "tests/integration/bus/messages.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::bus {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Watch : public ::testing::Test {
 protected:
  bool flaw_is(const ::testing::Matcher<std::string>& expected) {
    return eventually([&] {
      watch_.tick();
      return expected.Matches(watch_.flaw());
    });
  }
  std::string request(const std::string& subject) {
    RawClient raw(nats_.port());
    const auto answer = raw.request(subject, "", "");
    return answer ? answer->body : "";
  }
  double works() {
    const auto text = metrics_.expose();
    constexpr std::string_view kName = "mm_bus_jetstream_works ";
    return std::stod(text.substr(text.rfind(kName) + kName.size()));
  }
  testing::OwnNats nats_;
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_, "matchmaker");
  JetStreamWatch watch_{*bus_, "matchmaker", metrics_, Milliseconds{50}};
};

TEST_F(Watch, FindsNothingWhileJetStreamStores) {
  metrics::Registry metrics;
  const auto engineer = connect(nats_, metrics);
  ASSERT_TRUE(eventually([&] {
    watch_.tick();
    return jetstream::last_sequence(engineer->impl(), {"CANARY", "canary.*"}, soon()).value_or(0) >= 10;
  }));
  EXPECT_THAT(watch_.flaw(), IsEmpty());
  EXPECT_EQ(works(), 1);
  EXPECT_THAT(request("$JS.API.STREAM.INFO.CANARY"), HasSubstr("\"messages\":1,"));
  for (const char* stream : {"MATCH", "TICKET"}) {
    EXPECT_THAT(request("$JS.API.STREAM.INFO." + std::string(stream)), HasSubstr("\"messages\":0,"))
        << "no probe is stored";
  }
}

TEST_F(Watch, FindsAServerThatDoesNotAnswerAndItsRecovery) {
  nats_.freeze();
  EXPECT_TRUE(flaw_is(HasSubstr("does not answer")));
  EXPECT_EQ(works(), 0);
  nats_.thaw();
  EXPECT_TRUE(flaw_is(IsEmpty()));
  EXPECT_EQ(works(), 1);
  nats_.restart();
  EXPECT_TRUE(flaw_is(IsEmpty()));
}

TEST_F(Watch, FindsAStreamThatIsGone) {
  ASSERT_TRUE(flaw_is(IsEmpty()));
  ASSERT_THAT(request("$JS.API.STREAM.DELETE.TICKET"), HasSubstr("\"success\":true"));
  EXPECT_TRUE(flaw_is(HasSubstr("the stream of ticket events does not answer")));
  nats_.restart();
  EXPECT_TRUE(flaw_is(IsEmpty()));
}

TEST_F(Watch, FindsThatNothingIsStored) {
  ASSERT_TRUE(flaw_is(IsEmpty()));
  ASSERT_THAT(request("$JS.API.STREAM.DELETE.CANARY"), HasSubstr("\"success\":true"));
  EXPECT_TRUE(flaw_is(HasSubstr("stores no messages")));
}

TEST_F(Watch, DoesNothingForADaemonThatStoresNoEvents) {
  JetStreamWatch watch(*bus_, "leaderboard", metrics_, Milliseconds{1});
  nats_.freeze();
  for (int i = 0; i < 10; ++i) watch.tick();
  nats_.thaw();
  EXPECT_THAT(watch.flaw(), IsEmpty());
}

}  // namespace
}  // namespace mm::bus
