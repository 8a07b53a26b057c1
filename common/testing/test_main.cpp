// The main function of every test program. Only errors are logged. A test fails if one of its nats-servers refused a
// subject to a client or dropped a slow client.
#include <gmock/gmock.h>

#include "common/runtime/log.h"
#include "common/testing/servers.h"

// Read by LeakSanitizer where it is built in. libpqxx 6.4 leaks the result of a query during which the connection
// broke, about 3 KB for each connection that breaks.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4\n"; }

namespace {

class NatsErrors : public ::testing::EmptyTestEventListener {
  void OnTestEnd(const ::testing::TestInfo&) override {
    for (const auto& line : mm::testing::OwnNats::take_errors()) ADD_FAILURE() << "nats-server says: " << line;
  }
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  ::testing::UnitTest::GetInstance()->listeners().Append(new NatsErrors);  // the list owns the listener
  mm::log::start("test", "test-1", mm::log::Level::error);
  return RUN_ALL_TESTS();
}
