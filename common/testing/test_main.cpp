// The main function of every test program: GoogleTest's, with our own log lines kept to errors.
#include <gmock/gmock.h>

#include "common/runtime/log.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  mm::log::start("test", "test-1", mm::log::Level::error);
  return RUN_ALL_TESTS();
}
