#include "tests/load/enqueue/scene.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "common/contracts/matchmaker.h"
#include "common/contracts/reconcile.h"
#include "common/testing/child.h"
#include "common/testing/connections.h"

namespace mm::load {

Scene::Scene(const std::string& program, const std::string& record_dir)
    : queue_(testing::OwnRedis::Instance::queue, {"--appendfsync", "everysec"}),
      cache_(testing::OwnRedis::Instance::cache) {
  bus_ = testing::connect(nats_, metrics_);
  confirming_ = testing::connect(nats_, metrics_, "session");
  requests_ = std::make_unique<bus::AsyncRequests>(*bus_, metrics_);
  session_ = std::make_unique<bus::Server>(*confirming_, bus::ServerOptions{.name = "session"}, metrics_);
  session_->serve<ReconcileMatches>([](const ReconcileMatches& request, const bus::Context&) -> Reply<MatchStates> {
    MatchStates answer;
    for (const auto& match : request.matches) {
      answer.matches.push_back({match.match_id, MatchStatus::cancelled, false, CancelReason::conflict, {}});
    }
    return answer;
  });
  // Stores every generation, because the queue never goes back here.
  session_->serve<RecordGeneration>([this](const RecordGeneration& request, const bus::Context&) {
    const MutexLock lock(mutex_);
    if (request.generation) recorded_ = {request.generation, SystemClock{}.now()};
    return Reply<RecordedGeneration>(recorded_);
  });
  session_->serve<ListOpenMatches>(
      [](const ListOpenMatches&, const bus::Context&) { return Reply<OpenMatches>(OpenMatches{}); });
  session_->start();
  consumer_ = std::make_unique<bus::Consumer>(*confirming_, streams::kMatch,
                                              bus::ConsumerOptions{.name = "session", .batch = 256}, metrics_);
  consumer_->on<MatchFound>([this](const MatchFound& match, const bus::EventInfo&) { return confirm(match); });
  consumer_->start();
  testing::ChildCommand command;
  command.arguments = {program};
  command.environment = {"MM_NATS_URL=" + nats_.url(),
                         "MM_REDIS_QUEUE_URL=" + queue_.url_as("matchmaker"),
                         "MM_REDIS_CACHE_URL=" + cache_.url_as("matchmaker"),
                         "MM_CREDENTIALS_DIR=" + testing::credentials_of("matchmaker"),
                         "MM_ALLOW_WEAK_STORES=1",
                         "MM_ADMIN_PORT=0",
                         "MM_LOG_LEVEL=warning"};
  if (!record_dir.empty()) command.environment.push_back("MM_RECORD_DIR=" + record_dir);
  command.output = folder_.path() + "/matchmaker.log";
  matchmaker_ = testing::start_child(command);
  await_matchmaker();
}

Scene::~Scene() {
  consumer_.reset();
  ::kill(matchmaker_, SIGTERM);
  testing::wait_for_end(matchmaker_);
}

void Scene::on_found(std::function<void(std::string_view)> found) {
  found_ = std::make_unique<bus::Subscription>(
      *bus_, std::string(MatchFound::kSubject.text), "",
      [found = std::move(found)](std::string_view, std::string_view body) { found(body); });
}

double Scene::matchmaker_seconds() const {
  std::ifstream file("/proc/" + std::to_string(matchmaker_) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  unsigned long user = 0, system = 0;
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return 0;
  std::sscanf(text.c_str() + after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double Scene::matchmaker_memory() const {
  std::ifstream file("/proc/" + std::to_string(matchmaker_) + "/statm");
  long pages = 0, resident = 0;
  file >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

void Scene::await_matchmaker() {
  for (int i = 0; i < 200; ++i) {
    if (testing::has_ended(matchmaker_)) break;
    if (bus_->request(GetQueues{}, Caller{}, Deadline::after(Milliseconds{500}))) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("the matchmaker does not answer:\n" + testing::tail(folder_.path() + "/matchmaker.log"));
}

// Cancels the match at once, which frees its players and its entry in Redis. Idempotent by the message id.
bus::Ack Scene::confirm(const MatchFound& match) {
  MatchCancelled over;
  over.match_id = match.match_id;
  over.tenant = match.tenant;
  over.reason = CancelReason::server_lost;
  const auto stored = confirming_->store_all(
      {{MatchCancelled::kSubject.text, wire::encode(over), match.match_id.to_string() + ".over", {}}},
      Deadline::after(Milliseconds{2'000}));
  if (!stored[0].ok()) return bus::Ack::retry;
  ++confirmed_;
  return bus::Ack::done;
}

}  // namespace mm::load
