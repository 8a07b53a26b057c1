// Tests of the daemon harness, with a sample daemon as a process: arguments, settings, readiness and shutdown.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/testing/child.h"
#include "common/testing/own_file.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using ::testing::Not;

// Sends an HTTP request. The answer; empty if there is none.
std::string http(int port, const std::string& request) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char chunk[4096];
    for (ssize_t got = 0; (got = ::recv(connection, chunk, sizeof chunk, 0)) > 0;) {
      answer.append(chunk, static_cast<std::size_t>(got));
    }
  }
  ::close(connection);
  return answer;
}

class Harness : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = std::make_unique<testing::OwnNats>(); }
  static void TearDownTestSuite() { nats_.reset(); }

  void SetUp() override { give_password(testing::OwnNats::password("test")); }
  void give_password(const std::string& password) {
    std::filesystem::create_directories(credentials_folder());
    const auto path = credentials_folder() + "/nats_password";
    std::filesystem::remove(path);
    std::ofstream(path) << password;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  }
  void TearDown() override {
    if (pid_ > 0 && !testing::has_ended(pid_)) testing::kill_all(pid_);
  }

  // Starts the daemon with these settings only; the environment of the test program is not passed on.
  void start(const std::vector<std::string>& settings = {}, const std::vector<std::string>& arguments = {}) {
    testing::ChildCommand command;
    command.arguments = {"/usr/bin/env", "-i", "MM_NATS_URL=" + url_, "MM_NATS_USER=test",
                         "MM_CREDENTIALS_DIR=" + credentials_folder()};
    command.arguments.insert(command.arguments.end(), settings.begin(), settings.end());
    command.arguments.push_back(std::string(std::getenv("MM_TEST_BINARY_DIR")) + "/tests/sample_daemon");
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.output = folder_.path() + "/out";
    pid_ = testing::start_child(command);
  }
  std::string credentials_folder() const { return folder_.path() + "/credentials"; }
  int end() { return testing::wait_for_end(std::exchange(pid_, 0)); }
  std::string output() const {
    std::ostringstream text;
    text << std::ifstream(folder_.path() + "/out").rdbuf();
    return text.str();
  }
  bool says(const std::string& text) {
    return eventually([&] { return output().find(text) != std::string::npos; });
  }
  std::string get(const std::string& path) {
    const auto text = output();
    const auto at = text.find("\"port\":");
    if (at == std::string::npos) return {};
    return http(std::stoi(text.substr(at + 7)), "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  static inline std::unique_ptr<testing::OwnNats> nats_;
  std::string url_ = nats_->url();
  testing::OwnFolder folder_;
  pid_t pid_ = 0;
};

TEST_F(Harness, ServesUntilItIsToldToStop) {
  start({"MM_INSTANCE=sample-7"});
  ASSERT_TRUE(says("\"event\":\"started\""));
  EXPECT_THAT(get("/readyz"), HasSubstr("200 OK"));
  EXPECT_THAT(get("/livez"), HasSubstr("200 OK"));
  EXPECT_THAT(get("/version"), HasSubstr("\"name\":\"sample\""));
  EXPECT_THAT(get("/nothing"), HasSubstr("404 Not Found"));
  metrics::Registry metrics;
  const auto client = connect(*nats_, metrics);
  EXPECT_TRUE(client->request(Echo{"x"}, {}, soon()).ok());
  const auto text = get("/metrics");
  EXPECT_THAT(text, HasSubstr("mm_bus_requests_total{subject=\"test.echo\"} 1"));
  EXPECT_THAT(text, HasSubstr("mm_log_dropped_total 0"));
  ::kill(pid_, SIGTERM);
  EXPECT_EQ(end(), 0);
  EXPECT_EQ(client->request(Echo{"x"}, {}, soon()).error().code, Code::unavailable);
  // Every line of the output is JSON.
  std::istringstream lines(output());
  for (std::string line; std::getline(lines, line);) {
    const auto document = json::Document::parse(line);
    ASSERT_TRUE(document.ok()) << line;
    EXPECT_EQ(document->root().find("instance")->string(), "sample-7");
  }
}

TEST_F(Harness, IsUnreadyWhileNatsIsAway) {
  testing::OwnNats nats;
  url_ = nats.url();
  start();
  ASSERT_TRUE(says("\"event\":\"started\""));
  metrics::Registry metrics;
  const auto client = connect(nats, metrics);
  EXPECT_TRUE(eventually([&] { return client->store(Found{1}, "1", soon(1'000)).ok(); }));
  nats.kill();
  EXPECT_TRUE(eventually([&] { return get("/readyz").find("\"failing\":[\"nats\"]") != std::string::npos; }));
  EXPECT_THAT(get("/livez"), HasSubstr("200 OK"));
  nats.restart_without_state();
  EXPECT_TRUE(eventually([&] { return get("/readyz").find("200 OK") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] { return client->store(Found{2}, "2", soon(1'000)).ok(); }));
}

// A nats-server that allows `sample` everything except to serve its own subject.
class Restricted {
 public:
  Restricted() : nats_({"-c", write_config()}) {}

  testing::OwnNats& nats() { return nats_; }

 private:
  std::string write_config() {
    const auto password = "\"" + testing::OwnNats::password("test") + "\"";
    std::ofstream(folder_.path() + "/nats.conf")
        << "accounts { T { jetstream: enabled, users: [\n{user: sample, password: " << password
        << R"(, permissions: {publish: ">", subscribe: {allow: ">", deny: "test.*"}}})"
        << "\n{user: test, password: " << password << "}\n] } }\n";
    return folder_.path() + "/nats.conf";
  }

  testing::OwnFolder folder_;
  testing::OwnNats nats_;
};

TEST_F(Harness, ARefusedSubjectOfItsOwnMakesItUnreadyAndIsToldOf) {
  Restricted server;
  metrics::Registry metrics;
  const auto bus = Bus::connect(bus_options(server.nats()), metrics, soon(30'000));
  ASSERT_TRUE(bus.ok());
  std::mutex mutex;
  std::string published;
  const Subscription violations(**bus, "events.violation.nats_permission", "",
                                [&](std::string_view, std::string_view body) {
                                  const std::lock_guard lock(mutex);
                                  published = body;
                                });
  url_ = server.nats().url();
  start({"MM_NATS_USER=sample", "MM_INSTANCE=sample-1"});
  EXPECT_TRUE(says(R"("event":"nats_permission_refused")"));
  EXPECT_THAT(output(), HasSubstr(R"("subject":"test.echo")"));
  EXPECT_TRUE(
      eventually([&] { return get("/readyz").find(R"("failing":["nats_permissions"])") != std::string::npos; }));
  EXPECT_THAT(get("/readyz"), HasSubstr(R"("reasons":{"nats_permissions":"nats-server refused a subject)"));
  EXPECT_THAT(get("/metrics"), HasSubstr("mm_bus_errors_total{kind=\"permission\"} 1"));
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return published == R"({"instance":"sample-1","action":"subscribe","subject":"test.echo"})";
  }));
  EXPECT_EQ(testing::OwnNats::take_errors().size(), 1u);
}

TEST_F(Harness, AnswersOddRequestsToTheAdminPort) {
  start();
  ASSERT_TRUE(says("\"event\":\"started\""));
  const auto text = output();
  const int port = std::stoi(text.substr(text.find("\"port\":") + 7));
  EXPECT_THAT(http(port, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), HasSubstr("405"));
  EXPECT_THAT(http(port, "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n"), Not(HasSubstr("live\"")));
  EXPECT_EQ(http(port, "rubbish\r\n\r\n"), "");
  EXPECT_EQ(http(port, "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"), "");
  EXPECT_THAT(get("/readyz?x=1"), HasSubstr("200 OK"));
}

TEST_F(Harness, TellsItsSettingsAndVersion) {
  start({}, {"--help"});
  EXPECT_EQ(end(), 0);
  EXPECT_THAT(output(), HasSubstr("MM_SAMPLE_MOST (default 3), 1 to 9"));
  EXPECT_THAT(output(), HasSubstr("MM_NATS_URL"));
  start({}, {"--version"});
  EXPECT_EQ(end(), 0);
  EXPECT_THAT(output(), HasSubstr("sample 0."));
  start({}, {"--password=x"});
  EXPECT_EQ(end(), 64);
}

TEST_F(Harness, RefusesSettingsItDoesNotKnow) {
  start({"MM_SAMPLE_MOTS=4"});
  EXPECT_EQ(end(), 78);
  EXPECT_THAT(output(), HasSubstr("did you mean MM_SAMPLE_MOST?"));
  start({"MM_SAMPLE_MOST=10"});
  EXPECT_EQ(end(), 78);
  start({"MM_LOG_LEVEL=loud"});
  EXPECT_EQ(end(), 78);
  const auto credentials = folder_.path() + "/others";
  std::filesystem::create_directory(credentials);
  start({"MM_CREDENTIALS_DIR=" + credentials});
  EXPECT_EQ(end(), 78);
  EXPECT_THAT(output(), HasSubstr("nats_password is missing"));
  std::ofstream(credentials + "/nats_password") << "admin";
  std::filesystem::permissions(credentials + "/nats_password", std::filesystem::perms::owner_read);
  start({"MM_CREDENTIALS_DIR=" + credentials});
  EXPECT_EQ(end(), 78);
  EXPECT_THAT(output(), HasSubstr("nats_password is weak"));
}

TEST_F(Harness, EndsWithAStatusThatSaysWhy) {
  start({"MM_SAMPLE=throw"});
  EXPECT_EQ(end(), 70);
  EXPECT_THAT(output(), HasSubstr("a bug at start"));
  start({"MM_SAMPLE=refuse"});
  EXPECT_EQ(end(), 78);
  EXPECT_THAT(output(), HasSubstr(R"("event":"start_refused","what":"MM_SAMPLE","reason":"it must not be refuse")"));
  start({"MM_SAMPLE=unavailable"});
  EXPECT_EQ(end(), 69);
  EXPECT_THAT(output(), HasSubstr("store: not there"));
  start({"MM_ADMIN_ADDRESS=nowhere"});
  EXPECT_EQ(end(), 69);
}

TEST_F(Harness, CanBeStoppedWhileItWaitsForAStoreOrForNats) {
  start({"MM_SAMPLE=wait"});
  ASSERT_TRUE(says("\"what\":\"store\""));
  EXPECT_THAT(get("/readyz"), HasSubstr("\"failing\":[\"started\"]"));
  ::kill(pid_, SIGTERM);
  EXPECT_EQ(end(), 0);

  const testing::ReservedPort port;
  url_ = "nats://127.0.0.1:" + std::to_string(port.number());
  start();
  ASSERT_TRUE(says("\"what\":\"nats\""));
  ::kill(pid_, SIGINT);
  EXPECT_EQ(end(), 0);
}

}  // namespace
}  // namespace mm::bus
