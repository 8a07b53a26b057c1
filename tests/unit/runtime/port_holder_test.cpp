// Tests that a daemon whose port is in use names the process that holds the port.
#include "common/runtime/port_holder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/daemon/admin_server.h"

namespace mm::runtime {
namespace {

/// A socket bound to a free port. It listens if `listens` is set.
class Holder {
 public:
  explicit Holder(bool listens) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    if (listens) {
      EXPECT_EQ(::listen(fd_, 1), 0);
    }
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Holder() { ::close(fd_); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

TEST(PortHolder, IsNamedWithItsProcess) {
  const Holder listener(true);
  const auto said = port_holder(listener.port());
  EXPECT_NE(said.find("(pid " + std::to_string(::getpid()) + "), which listens on it"), std::string::npos) << said;
}

TEST(PortHolder, IsEmptyWhenThePortIsFree) {
  int port = 0;
  {
    const Holder listener(true);
    port = listener.port();
  }
  EXPECT_EQ(port_holder(port), "");
}

TEST(PortHolder, IsNamedInTheErrorOfTheAdminServer) {
  const Holder listener(true);
  const auto admin =
      daemon::AdminServer::start("127.0.0.1", listener.port(), [](std::string_view) { return daemon::AdminAnswer{}; });
  ASSERT_FALSE(admin.ok());
  EXPECT_NE(admin.error().text.find("cannot listen on 127.0.0.1:" + std::to_string(listener.port())), std::string::npos)
      << admin.error().text;
  EXPECT_NE(admin.error().text.find("(pid " + std::to_string(::getpid()) + ")"), std::string::npos)
      << admin.error().text;
}

TEST(PortHolder, IsNotReportedWhenTheAddressBelongsToAnotherMachine) {
  for (const char* address : {"nowhere", "192.0.2.1"}) {
    const auto admin = daemon::AdminServer::start(address, 0, [](std::string_view) { return daemon::AdminAnswer{}; });
    ASSERT_FALSE(admin.ok()) << address;
    EXPECT_FALSE(admin.error().in_use) << address;
  }
}

}  // namespace
}  // namespace mm::runtime
