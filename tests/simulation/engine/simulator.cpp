#include "tests/simulation/engine/simulator.h"

#include <cxxabi.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "common/base/result.h"

namespace mm::simulation {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;

Simulator* the_simulator = nullptr;

/// The state of the C++ runtime for the exceptions that a thread handles (__cxa_eh_globals).
struct ExceptionState {
  void* caught;
  unsigned int uncaught;

  static ExceptionState take() {
    ExceptionState state{};
    std::memcpy(&state, abi::__cxa_get_globals(), sizeof(void*) + sizeof(unsigned int));
    return state;
  }
  void put() const { std::memcpy(abi::__cxa_get_globals(), this, sizeof(void*) + sizeof(unsigned int)); }
};

}  // namespace

class Fiber {
 public:
  std::uint64_t number = 0;
  Process* process = nullptr;
  std::function<void()> work;
  void* stack = nullptr;
  bool started = false;
  bool finished = false;
  std::uint64_t waits = 0;  // number of waits so far; an event of an earlier wait is outdated
  bool parked = false;
  bool woken = false;
  jmp_buf state;
  ExceptionState exceptions{};
  std::vector<Fiber*> joining;
};

namespace {
jmp_buf scheduler_state;
}  // namespace

Simulator::Simulator(std::uint64_t seed) : random_(seed) {
  check(the_simulator == nullptr, "there is one simulator at a time");
  the_simulator = this;
}

Simulator::~Simulator() {
  the_simulator = nullptr;
  for (auto* stack : free_stacks_) ::munmap(stack, kStackBytes);
}

Simulator* Simulator::current() { return the_simulator; }

Process& Simulator::process() const {
  check(running_ != nullptr, "only a fiber has a process");
  return *running_->process;
}

Nanoseconds Simulator::wall() const {
  const auto offset = running_ != nullptr ? running_->process->clock_offset : Milliseconds{0};
  return kStart.time_since_epoch() + now_ + offset;
}

Process& Simulator::add_process(std::string name) {
  processes_.push_back(std::make_unique<Process>());
  processes_.back()->name = std::move(name);
  return *processes_.back();
}

void Simulator::push(Nanoseconds at, std::function<void()> action) {
  events_.push({std::max(at, now_), random_.next(), events_pushed_++, std::move(action)});
}

void Simulator::at(Nanoseconds from_now, std::function<void()> action) { push(now_ + from_now, std::move(action)); }

void Simulator::at_process(Process& process, Nanoseconds from_now, std::function<void()> action) {
  push(now_ + from_now, [&process, action = std::move(action)]() mutable {
    if (!process.alive) return;
    if (process.paused) process.held.push_back(std::move(action));
    else action();
  });
}

std::uint64_t Simulator::start(Process& process, std::function<void()> work) {
  auto fiber = std::make_unique<Fiber>();
  fiber->number = ++fibers_started_;
  fiber->process = &process;
  fiber->work = std::move(work);
  auto* const started = fiber.get();
  const auto number = started->number;
  fibers_.emplace(number, std::move(fiber));
  at_process(process, Nanoseconds{0}, [this, started] { switch_to(started); });
  return number;
}

void Simulator::kill(Process& process) {
  process.alive = false;
  process.held.clear();
}

void Simulator::pause(Process& process) { process.paused = true; }

void Simulator::resume(Process& process) {
  if (!process.alive || !process.paused) return;
  process.paused = false;
  for (auto& action : std::exchange(process.held, {})) at_process(process, Nanoseconds{0}, std::move(action));
}

void Simulator::run(std::function<void()> main) {
  bool done = false;
  start(add_process("driver"), [&] {
    main();
    done = true;
  });
  while (!done && !error_) {
    if (events_.empty()) throw std::runtime_error("every thread waits, and nothing can wake one");
    if (++steps_ > kMaxSteps) throw std::runtime_error("the simulation takes too many steps");
    auto event = std::move(const_cast<Event&>(events_.top()));
    events_.pop();
    now_ = event.at;
    event.action();
  }
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

// The first switch to a fiber enters its stack by setcontext; all others jump, which needs no system call. This
// function has no variables, because they would be undefined after a jump.
[[gnu::noinline]] void Simulator::run_next() {
  if (_setjmp(scheduler_state) != 0) return;
  if (running_->started) _longjmp(running_->state, 1);
  enter_next();
}

void Simulator::enter_next() {
  running_->started = true;
  if (free_stacks_.empty()) {
    constexpr int kKind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    running_->stack = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, kKind, -1, 0);
    check(running_->stack != MAP_FAILED, "no memory for a stack");
  } else {
    running_->stack = free_stacks_.back();
    free_stacks_.pop_back();
  }
  static ucontext_t context;
  ::getcontext(&context);
  context.uc_stack.ss_sp = running_->stack;
  context.uc_stack.ss_size = kStackBytes;
  context.uc_link = nullptr;
  ::makecontext(&context, &Simulator::entry, 0);
  ::setcontext(&context);
}

void Simulator::switch_to(Fiber* fiber) {
  running_ = fiber;
  const auto outer = ExceptionState::take();
  fiber->exceptions.put();
  run_next();
  running_ = nullptr;
  fiber->exceptions = ExceptionState::take();
  outer.put();
  if (!fiber->finished) return;
  free_stacks_.push_back(fiber->stack);
  for (auto* joiner : fiber->joining) wake(joiner);
  fibers_.erase(fiber->number);
}

void Simulator::entry() {
  auto& simulator = *the_simulator;
  auto* const fiber = simulator.running_;
  try {
    fiber->work();
  } catch (...) {
    if (!simulator.error_) simulator.error_ = std::current_exception();
  }
  fiber->work = nullptr;
  fiber->finished = true;
  simulator.switch_back();
}

void Simulator::switch_back() {
  if (running_->finished) _longjmp(scheduler_state, 1);
  if (_setjmp(running_->state) == 0) _longjmp(scheduler_state, 1);
}

void Simulator::resume_fiber(Fiber* fiber, std::uint64_t wait, bool woken) {
  if (!fiber->parked || fiber->waits != wait) return;
  fiber->parked = false;
  fiber->woken = woken;
  switch_to(fiber);
}

// An event holds the number of its fiber, because the fiber may be gone when the event is due.
bool Simulator::park(Nanoseconds until) {
  auto* const fiber = running_;
  check(fiber != nullptr, "only a fiber can wait");
  const auto wait = ++fiber->waits;
  fiber->parked = true;
  if (until != Nanoseconds::max()) {
    const auto number = fiber->number;
    at_process(*fiber->process, until - now_, [this, number, wait] {
      if (const auto found = fibers_.find(number); found != fibers_.end())
        resume_fiber(found->second.get(), wait, false);
    });
  }
  switch_back();
  return fiber->woken;
}

void Simulator::wake(Fiber* fiber) {
  if (!fiber->parked) return;
  const auto number = fiber->number;
  const auto wait = fiber->waits;
  at_process(*fiber->process, Nanoseconds{0}, [this, number, wait] {
    if (const auto found = fibers_.find(number); found != fibers_.end()) resume_fiber(found->second.get(), wait, true);
  });
}

void Simulator::fail(const std::string& what) {
  if (running_ == nullptr) throw std::runtime_error(what);
  if (!error_) error_ = std::make_exception_ptr(std::runtime_error(what));
  while (true) park();
}

void Simulator::sleep(Nanoseconds time) {
  const auto until = now_ + std::max(time, Nanoseconds{0});
  while (now_ < until || time <= Nanoseconds{0}) {
    park(until);
    if (time <= Nanoseconds{0}) return;
  }
}

void Simulator::join(std::uint64_t number) {
  while (true) {
    const auto found = fibers_.find(number);
    if (found == fibers_.end()) return;
    found->second->joining.push_back(running_);
    park();
  }
}

}  // namespace mm::simulation
