#include "tests/simulation/platform/runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "common/base/result.h"
#include "tests/simulation/platform/world.h"

namespace mm::simulation {
namespace {

/// Limit of the time of one simulation; most take some 50 ms.
constexpr unsigned int kMostSeconds = 60;
constexpr std::size_t kTraceLines = 4'000;

void write_all(int descriptor, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const auto count = ::write(descriptor, text.data() + written, text.size() - written);
    if (count <= 0) ::_exit(3);
    written += static_cast<std::size_t>(count);
  }
}

/// In the process of the simulation. The world is not destroyed.
[[noreturn]] void simulate(const Plan& plan, bool keep_trace, int descriptor) {
  ::alarm(kMostSeconds);
  auto* const world = new World(plan);
  auto& trace = world->servers().trace;
  trace.kept = keep_trace;
  std::string error;
  try {
    world->run();
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  std::ostringstream text;
  text << trace.hash() << ' ' << world->matches() << ' ' << world->tickets() << ' ' << world->simulator().steps()
       << '\n'
       << error << '\n';
  const auto& lines = trace.lines();
  for (auto i = lines.size() > kTraceLines ? lines.size() - kTraceLines : 0; i < lines.size(); ++i) {
    text << lines[i] << '\n';
  }
  write_all(descriptor, text.str());
  ::_exit(0);
}

std::string read_all(int descriptor) {
  std::string text;
  char buffer[65'536];
  for (ssize_t count = 0; (count = ::read(descriptor, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

Outcome run(const Plan& plan, bool keep_trace) {
  int ends[2] = {-1, -1};
  check(::pipe(ends) == 0, "no pipe");
  std::fflush(nullptr);
  const auto child = ::fork();
  check(child >= 0, "no process");
  if (child == 0) {
    ::close(ends[0]);
    simulate(plan, keep_trace, ends[1]);
  }
  ::close(ends[1]);
  std::istringstream text(read_all(ends[0]));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    outcome.error = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "the simulation does not end"
                                                                       : "the simulation aborted; see its output";
    return outcome;
  }
  text >> outcome.hash >> outcome.matches >> outcome.tickets >> outcome.steps;
  text.ignore();
  std::getline(text, outcome.error);
  outcome.holds = outcome.error.empty();
  std::ostringstream rest;
  if (keep_trace) rest << text.rdbuf();
  outcome.trace = rest.str();
  return outcome;
}

Plan shortened(Plan plan) {
  const auto fails = [](const Plan& candidate) { return !run(candidate).holds; };
  for (std::size_t i = 0; i < plan.faults.size();) {
    auto candidate = plan;
    candidate.faults.erase(candidate.faults.begin() + static_cast<std::ptrdiff_t>(i));
    if (fails(candidate)) plan = std::move(candidate);
    else ++i;
  }
  for (double MessageFaults::*rate :
       {&MessageFaults::redis_lost, &MessageFaults::redis_reply_lost, &MessageFaults::redis_late,
        &MessageFaults::request_lost, &MessageFaults::request_late, &MessageFaults::request_twice,
        &MessageFaults::reply_lost, &MessageFaults::event_lost, &MessageFaults::event_ack_lost,
        &MessageFaults::event_again, &MessageFaults::event_late, &MessageFaults::database_refuses,
        &MessageFaults::database_reply_lost}) {
    auto candidate = plan;
    candidate.rates.*rate = 0;
    if (plan.rates.*rate != 0 && fails(candidate)) plan = std::move(candidate);
  }
  for (int Plan::*size : {&Plan::players, &Plan::matchmakers, &Plan::sessions}) {
    while (plan.*size > 1) {
      auto candidate = plan;
      --(candidate.*size);
      if (!fails(candidate)) break;
      plan = std::move(candidate);
    }
  }
  return plan;
}

}  // namespace mm::simulation
