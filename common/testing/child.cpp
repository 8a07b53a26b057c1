#include "common/testing/child.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <future>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "common/base/mutex.h"

extern char** environ;

namespace mm::testing {
namespace {

// Runs functions on a thread that lives as long as the process: PR_SET_PDEATHSIG fires when the thread that forked
// ends.
class Launcher {
 public:
  static Launcher& instance() {
    static auto* launcher = new Launcher;  // never destroyed: children may be started until the end
    return *launcher;
  }

  pid_t run(std::function<pid_t()> start) {
    std::packaged_task<pid_t()> task(std::move(start));
    auto pid = task.get_future();
    {
      const MutexLock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return pid.get();
  }

 private:
  Launcher() {
    std::thread([this] { serve(); }).detach();
  }

  void serve() {
    while (true) {
      MutexLock lock(mutex_);
      wake_.wait(lock, [this]() REQUIRES(mutex_) { return !tasks_.empty(); });
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  Mutex mutex_;
  Condition wake_;
  std::deque<std::packaged_task<pid_t()>> tasks_ GUARDED_BY(mutex_);
};

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

Identity identity_of(const std::string& user) {
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) throw std::runtime_error("there is no user " + user);
  Identity identity{entry->pw_uid, entry->pw_gid, std::vector<gid_t>(64)};
  int count = static_cast<int>(identity.groups.size());
  if (getgrouplist(user.c_str(), identity.gid, identity.groups.data(), &count) < 0) count = 0;
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

std::string found_in_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  std::istringstream folders(std::string(getenv("PATH") != nullptr ? getenv("PATH") : "/usr/bin:/bin") + ":/usr/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto path = folder + "/" + program;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return program;
}

// Variables MM_… are left out: the person who runs the tests may have set them for another stack (MM_PORT_BASE=…).
std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  auto all = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (text.starts_with("MM_")) continue;
    const auto name = text.substr(0, text.find('=') + 1);
    const bool changed = std::any_of(changes.begin(), changes.end(),
                                     [&](const std::string& change) { return change.starts_with(name); });
    if (!changed) all.push_back(text);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Runs between fork and exec: only calls that are safe after a fork of a process with threads.
[[noreturn]] void become(const std::string& program, char* const* arguments, char* const* environment,
                         const ChildCommand& command, const Identity* identity, int output, pid_t parent) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  close_range(3, ~0U, 0);
  const bool ready = (identity == nullptr || (setgroups(identity->groups.size(), identity->groups.data()) == 0 &&
                                              setgid(identity->gid) == 0 && setuid(identity->uid) == 0)) &&
                     (command.folder.empty() || chdir(command.folder.c_str()) == 0);
  // After the change of user, because that clears the setting.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (ready && getppid() == parent) execve(program.c_str(), arguments, environment);
  constexpr char kSorry[] = "the program could not be started\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kSorry, sizeof kSorry - 1);
  _exit(127);
}

std::optional<char> state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  const auto end = text.rfind(')');
  if (end == std::string::npos || end + 2 >= text.size()) return std::nullopt;
  return text[end + 2];
}

bool is_gone(pid_t pid) {
  const auto state = state_of(pid);
  return !state || *state == 'Z' || *state == 'X';
}

}  // namespace

pid_t start_child(const ChildCommand& command) {
  const auto program = found_in_path(command.arguments.front());
  auto argument_texts = command.arguments;
  auto environment_texts = environment_with(command.environment);
  const auto arguments = pointers(argument_texts);
  const auto environment = pointers(environment_texts);
  std::optional<Identity> identity;
  if (command.user) identity = identity_of(*command.user);
  const auto output_path = command.output.empty() ? std::string("/dev/null") : command.output;
  const int output = open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) throw std::runtime_error("cannot write " + output_path);
  const pid_t parent = getpid();
  const pid_t pid = Launcher::instance().run([&]() -> pid_t {
    const pid_t child = fork();
    if (child == 0) {
      become(program, arguments.data(), environment.data(), command, identity ? &*identity : nullptr, output, parent);
    }
    return child;
  });
  close(output);
  if (pid < 0) throw std::runtime_error("fork failed: " + std::string(std::strerror(errno)));
  return pid;
}

bool has_ended(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, WNOHANG) != 0;
}

int wait_for_end(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_to_end(const ChildCommand& command) {
  const int status = wait_for_end(start_child(command));
  if (status == 0) return;
  std::string what;
  for (const auto& argument : command.arguments) what += argument + " ";
  throw std::runtime_error(what + "ended with status " + std::to_string(status) + "\n" + tail(command.output));
}

std::vector<pid_t> with_descendants(pid_t pid) {
  std::vector<pid_t> all{pid};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto id = std::to_string(all[i]);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    for (pid_t child = 0; children >> child;) all.push_back(child);
  }
  return all;
}

void stop_all(pid_t pid) {
  // A process that is not stopped yet may fork: repeat until no new process is found.
  std::vector<pid_t> stopped;
  for (bool news = true; news;) {
    news = false;
    for (const auto one : with_descendants(pid)) {
      if (std::find(stopped.begin(), stopped.end(), one) != stopped.end()) continue;
      ::kill(one, SIGSTOP);
      stopped.push_back(one);
      news = true;
    }
  }
}

void kill_all(pid_t pid) {
  stop_all(pid);
  const auto all = with_descendants(pid);
  for (const auto one : all) ::kill(one, SIGKILL);
  wait_for_end(pid);
  for (const auto one : all) {
    while (one != pid && !is_gone(one)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string tail(const std::string& path) {
  constexpr std::size_t kMaxBytes = 4'000;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return text.size() > kMaxBytes ? text.substr(text.size() - kMaxBytes) : text;
}

}  // namespace mm::testing
