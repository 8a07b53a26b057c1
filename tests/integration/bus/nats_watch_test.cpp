// Tests of nats_watch, the program that kills a nats-server that runs but stores nothing. A stream that is gone stands
// for one that does not answer: nats-server lets clients in, and does not store their events. What is killed is a
// process that stands for nats-server, so that its end can be seen.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/testing/child.h"
#include "common/testing/daemon.h"
#include "common/testing/own_file.h"
#include "tests/integration/bus/messages.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::bus {
namespace {

using testing::eventually;
using ::testing::HasSubstr;

class NatsWatch : public ::testing::Test {
 protected:
  NatsWatch() {
    std::filesystem::create_directory(folder_.path() + "/data");
    std::filesystem::create_directory(folder_.path() + "/secrets");
    const auto path = folder_.path() + "/secrets/nats_operator";
    std::ofstream(path) << testing::OwnNats::password("operator");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    testing::ChildCommand command;
    command.arguments = {"sleep", "600"};
    victim_ = testing::start_child(command);
  }
  ~NatsWatch() override {
    if (watch_ > 0) testing::kill_all(watch_);
    if (!victim_has_ended_) testing::kill_all(victim_);
  }

  void start() {
    testing::ChildCommand command;
    command.arguments = {testing::built_program("nats_watch"), folder_.path(),          std::to_string(nats_.port()),
                         folder_.path() + "/secrets",          std::to_string(victim_), "200"};
    command.output = folder_.path() + "/log";
    watch_ = testing::start_child(command);
  }
  bool has_checked() {
    return eventually(
        [&] { return request("$JS.API.STREAM.INFO.CANARY").find("\"messages\":1,") != std::string::npos; });
  }
  std::string request(const std::string& subject) {
    RawClient raw(nats_.port());
    const auto answer = raw.request(subject, "", "");
    return answer ? answer->body : "";
  }
  void lose_stream() { ASSERT_THAT(request("$JS.API.STREAM.DELETE.TICKET"), HasSubstr("\"success\":true")); }
  bool victim_has_ended() { return victim_has_ended_ = victim_has_ended_ || testing::has_ended(victim_); }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_.path() + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool logs(const std::string& text) {
    return eventually([&] { return read("log").find(text) != std::string::npos; });
  }

  const testing::OwnFolder folder_;
  testing::OwnNats nats_;
  pid_t victim_ = -1;
  pid_t watch_ = -1;
  bool victim_has_ended_ = false;
};

TEST_F(NatsWatch, KillsAServerThatStoresNothingAndSaysWhy) {
  start();
  ASSERT_TRUE(has_checked());
  lose_stream();
  EXPECT_TRUE(eventually([&] { return victim_has_ended(); }));
  EXPECT_THAT(read("log"), HasSubstr(R"("event":"nats_server_killed","reason":"the stream of ticket events)"));
  EXPECT_THAT(read("log"), HasSubstr(R"("hung_ms":2000,"kills_before":0)"));
  EXPECT_GT(std::stoll(read("kills")), 1'000'000'000) << "the time of the kill";
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/data/watch_probe"));
}

TEST_F(NatsWatch, WaitsLongerAfterRecentKills) {
  const auto now = std::to_string(SystemClock{}.now().time_since_epoch() / Seconds{1});
  std::ofstream(folder_.path() + "/kills") << "1000000000\n" << now << "\n";
  start();
  ASSERT_TRUE(has_checked());
  lose_stream();
  EXPECT_TRUE(eventually([&] { return victim_has_ended(); }, Milliseconds{20'000}));
  EXPECT_THAT(read("log"), HasSubstr(R"("hung_ms":4000,"kills_before":1)"));
}

TEST_F(NatsWatch, LeavesAServerWithoutRoomOnItsDisk) {
  start();
  ASSERT_TRUE(has_checked());
  std::filesystem::remove(folder_.path() + "/data");
  std::filesystem::create_symlink("/dev/full", folder_.path() + "/data");
  lose_stream();
  EXPECT_TRUE(logs("spared\",\"reason\":\"its disk"));
  EXPECT_FALSE(victim_has_ended());
  std::filesystem::remove(folder_.path() + "/data");
  std::filesystem::create_directory(folder_.path() + "/data");
  EXPECT_TRUE(eventually([&] { return victim_has_ended(); })) << "there is room again";
}

TEST_F(NatsWatch, LeavesAServerThatIsFrozen) {
  start();
  ASSERT_TRUE(has_checked());
  nats_.freeze();
  EXPECT_TRUE(logs("spared\",\"reason\":\"it lets no client in"));
  nats_.thaw();
  EXPECT_TRUE(logs("jetstream_works_again"));
  EXPECT_FALSE(victim_has_ended());
}

TEST_F(NatsWatch, LeavesAServerThatHasNeverWorked) {
  lose_stream();
  start();
  EXPECT_TRUE(logs("spared\",\"reason\":\"it has not worked"));
  EXPECT_FALSE(victim_has_ended());
}

TEST_F(NatsWatch, EndsWithTheServer) {
  start();
  ASSERT_TRUE(has_checked());
  testing::kill_all(victim_);
  victim_has_ended_ = true;
  EXPECT_TRUE(eventually([&] { return testing::has_ended(watch_); }));
  watch_ = -1;
}

}  // namespace
}  // namespace mm::bus
