#include "common/testing/wait.h"

#include <thread>

namespace mm::testing {

bool eventually(const std::function<bool()>& holds, Milliseconds within) {
  const auto deadline = Deadline::after(within);
  while (!holds()) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(Milliseconds{3});
  }
  return true;
}

}  // namespace mm::testing
