#include "tests/simulation/platform/plan.h"

#include <array>
#include <cstdio>

namespace mm::simulation {
namespace {

constexpr std::array<const char*, 13> kFaultNames{
    "kill",        "stop",       "pause",         "cut_queue",   "cut_bus",         "cut_database", "restart_queue",
    "pause_queue", "jump_clock", "stop_database", "restart_bus", "lose_stream_end", "lose_queue"};
constexpr std::array<const char*, 5> kDaemonNames{"matchmaker", "session", "profile", "lobby", "orchestrator"};
constexpr int kLastFault = static_cast<int>(FaultKind::lose_stream_end);

bool is_of_daemon(FaultKind kind) { return kind <= FaultKind::cut_database; }

const char* call_of(Random& random, DaemonKind daemon) {
  constexpr std::array<const char*, 12> kOfMatchmaker{"commit", "poll",    "take_lease", "enqueue",
                                                      "end",    "outcome", "commit",     "relayed",
                                                      "store",  "request", "HMGET",      "read_generation"};
  constexpr std::array<const char*, 3> kOfOthers{"transaction", "store", "request"};
  constexpr std::array<const char*, 4> kOfLobby{"depart", "change", "create", "request"};
  if (daemon == DaemonKind::matchmaker) return kOfMatchmaker[random.below(kOfMatchmaker.size())];
  if (daemon == DaemonKind::lobby) return kOfLobby[random.below(kOfLobby.size())];
  return kOfOthers[random.below(kOfOthers.size())];
}

Fault fault_of(Random& random, const Plan& plan) {
  Fault fault;
  // Faults of daemons are more frequent than faults of servers.
  const auto last = random.chance(0.7) ? static_cast<int>(FaultKind::cut_database) : kLastFault;
  fault.kind = static_cast<FaultKind>(random.between(0, last));
  fault.at = Milliseconds(random.between(500, plan.faulty_time.count()));
  fault.lasts = Milliseconds(random.chance(0.6) ? random.between(10, 1'500) : random.between(1'500, 8'000));
  const auto roll = random.unit();
  fault.daemon = roll < 0.5   ? DaemonKind::matchmaker
                 : roll < 0.7 ? DaemonKind::session
                 : roll < 0.8 ? DaemonKind::profile
                 : roll < 0.9 ? DaemonKind::lobby
                              : DaemonKind::orchestrator;
  const int instances = fault.daemon == DaemonKind::matchmaker ? plan.matchmakers
                        : fault.daemon == DaemonKind::session  ? plan.sessions
                                                               : 1;
  fault.instance = static_cast<int>(random.below(static_cast<std::uint64_t>(instances)));
  constexpr std::array<std::int64_t, 5> kJumps{3'600'000, -3'600'000, 691'200'000, 7'000, -5'000};
  const bool can_wait = fault.kind == FaultKind::kill || fault.kind == FaultKind::pause;
  if (can_wait && fault.daemon != DaemonKind::orchestrator && random.chance(0.6)) {
    fault.call = call_of(random, fault.daemon);
  }
  fault.jump = Milliseconds(kJumps[random.below(kJumps.size())]);
  fault.lost = random.chance(0.3) ? 1.0 : random.unit();
  return fault;
}

/// All matchmakers are paused when they are about to commit, for different times, so that one takes over the leases of
/// another and is paused itself when the other wakes up.
void add_zombies(Random& random, Plan& plan) {
  Fault fault;
  fault.kind = FaultKind::pause;
  fault.at = Milliseconds(random.between(500, plan.faulty_time.count()));
  fault.call = "commit";
  for (fault.instance = 0; fault.instance < plan.matchmakers; ++fault.instance) {
    fault.lasts = Milliseconds(random.between(1'000, 4'000));
    plan.faults.push_back(fault);
  }
}

/// The queue is restored from a backup that is some seconds old, or is lost.
void add_loss_of_queue(Random& random, Plan& plan) {
  Fault fault;
  fault.kind = FaultKind::lose_queue;
  fault.lasts = Milliseconds(random.between(50, 4'000));
  fault.at = Milliseconds(random.between(300, plan.faulty_time.count() - fault.lasts.count()));
  fault.lost = random.chance(0.25) ? 1 : 0;
  plan.faults.push_back(fault);
}

/// Each rate is zero in most plans, so that few kinds of faults come together and a failure is easier to understand.
MessageFaults rates_of(Random& random) {
  MessageFaults rates;
  const auto rate = [&](double most) { return random.chance(0.3) ? most * random.unit() : 0.0; };
  rates.redis_lost = rate(0.05);
  rates.redis_reply_lost = rate(0.08);
  rates.redis_late = rate(0.05);
  rates.request_lost = rate(0.1);
  rates.request_late = rate(0.1);
  rates.request_twice = rate(0.2);
  rates.reply_lost = rate(0.1);
  rates.event_lost = rate(0.2);
  rates.event_ack_lost = rate(0.2);
  rates.event_again = rate(0.2);
  rates.event_late = rate(0.3);
  rates.database_refuses = rate(0.1);
  rates.database_reply_lost = rate(0.1);
  return rates;
}

}  // namespace

std::string Fault::text() const {
  char line[160];
  const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1000.0; };
  std::string text = std::string(kFaultNames[static_cast<std::size_t>(kind)]);
  if (is_of_daemon(kind)) {
    text += ' ' + std::string(kDaemonNames[static_cast<std::size_t>(daemon)]) + '-' + std::to_string(instance + 1);
  }
  if (kind == FaultKind::jump_clock) text += " by " + std::to_string(jump.count()) + " ms";
  if (!call.empty()) text += " at " + call;
  if (kind == FaultKind::lose_stream_end || kind == FaultKind::lose_queue) text += " lost=" + std::to_string(lost);
  std::snprintf(line, sizeof line, "at %.3f s for %.3f s: ", seconds(at), seconds(lasts));
  return line + text;
}

Plan plan_of(std::uint64_t seed) {
  Random random(seed * 0x2545F4914F6CDD1DULL + 1);
  Plan plan;
  plan.seed = seed;
  plan.matchmakers = static_cast<int>(random.between(1, 3));
  plan.sessions = static_cast<int>(random.between(1, 2));
  plan.players = static_cast<int>(random.between(4, 10));
  plan.servers = random.chance(0.2) ? static_cast<int>(random.between(0, 1)) : 6;
  plan.faulty_time = Milliseconds(random.between(5'000, 25'000));
  const auto faults = random.between(0, 7);
  for (std::int64_t i = 0; i < faults; ++i) plan.faults.push_back(fault_of(random, plan));
  if (random.chance(0.15)) add_zombies(random, plan);
  plan.rates = rates_of(random);
  if (random.chance(0.25)) add_loss_of_queue(random, plan);
  return plan;
}

std::string text_of(const Plan& plan) {
  char line[200];
  std::snprintf(line, sizeof line,
                "seed %llu: %d matchmakers, %d sessions, %d players, %d servers, faults for %.1f s\n",
                static_cast<unsigned long long>(plan.seed), plan.matchmakers, plan.sessions, plan.players, plan.servers,
                static_cast<double>(plan.faulty_time.count()) / 1000.0);
  std::string text = line;
  for (const auto& fault : plan.faults) text += "  " + fault.text() + '\n';
  const auto& rates = plan.rates;
  const std::pair<const char*, double> named[] = {{"redis_lost", rates.redis_lost},
                                                  {"redis_reply_lost", rates.redis_reply_lost},
                                                  {"redis_late", rates.redis_late},
                                                  {"request_lost", rates.request_lost},
                                                  {"request_late", rates.request_late},
                                                  {"request_twice", rates.request_twice},
                                                  {"reply_lost", rates.reply_lost},
                                                  {"event_lost", rates.event_lost},
                                                  {"event_ack_lost", rates.event_ack_lost},
                                                  {"event_again", rates.event_again},
                                                  {"event_late", rates.event_late},
                                                  {"database_refuses", rates.database_refuses},
                                                  {"database_reply_lost", rates.database_reply_lost}};
  for (const auto& [name, rate] : named) {
    if (rate == 0) continue;
    std::snprintf(line, sizeof line, "  %s %.3f\n", name, rate);
    text += line;
  }
  return text;
}

}  // namespace mm::simulation
