// The main function of every test program: GoogleTest's, with our own log lines kept to errors.
#include <gmock/gmock.h>

#include "common/runtime/log.h"

// Read by LeakSanitizer where it is built in. libpqxx 6.4 loses the one result of a query during which the connection
// broke: some 3 KB for each connection that breaks.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4\n"; }

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  mm::log::start("test", "test-1", mm::log::Level::error);
  return RUN_ALL_TESTS();
}
