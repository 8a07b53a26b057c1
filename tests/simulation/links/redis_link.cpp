// Replaces common/storage/redis.cpp in the simulation: the same class, connected to a simulated server. Each call is a
// request over a network that can lose, delay and break.
#include "common/storage/redis.h"

#include <memory>
#include <utility>

#include "tests/simulation/servers/boundary.h"
#include "tests/simulation/servers/servers.h"

namespace mm::storage {

using simulation::Passage;
using simulation::RedisNode;
using simulation::Servers;

namespace {

Failure<RedisError> away(std::string text) { return fail(RedisError{false, std::move(text)}); }

/// A pipeline on its way. Owners: the caller, and the events of the simulation that deliver it.
struct Exchange {
  std::vector<RedisCommand> commands;
  std::vector<RedisReply> replies;
  simulation::Fiber* caller = nullptr;  // nullptr: the caller does not wait any more
  bool answered = false;
  bool broken = false;
};

void finish(const std::shared_ptr<Exchange>& exchange, bool broken) {
  exchange->answered = !broken;
  exchange->broken = broken;
  if (exchange->caller != nullptr) Servers::current().simulator.wake(exchange->caller);
}

std::string name_of(const RedisCommand& command) {
  return command.script != nullptr ? std::string(command.script->name()) : command.arguments.front();
}

void trace(const RedisCommand& command, const RedisReply& reply) {
  auto& servers = Servers::current();
  std::string text = "redis ";
  text += name_of(command);
  if (servers.trace.kept) {
    for (const auto& argument : command.arguments) text += ' ' + argument.substr(0, 40);
    text += " -> ";
    if (reply.kind == RedisReply::Kind::integer) text += std::to_string(reply.integer);
    text += reply.text.substr(0, 80);
    for (const auto& item : reply.items)
      text += ' ' + (item.kind == RedisReply::Kind::integer ? std::to_string(item.integer) : item.text.substr(0, 40));
  }
  servers.trace.add(text);
}

bool is_read(const RedisCommand& command) {
  if (command.script != nullptr) {
    const auto name = command.script->name();
    return name == "status" || name == "notify" || name == "read_generation";
  }
  return !command.arguments.front().starts_with("S");
}

RedisReply execute(RedisNode& node, const RedisCommand& command) {
  auto reply = node.server.execute(command);
  if (&node == &Servers::current().queue && !is_read(command)) trace(command, reply);
  if (node.ran) node.ran(command, reply);
  return reply;
}

/// Runs the commands at the server. A pipeline is not atomic: at times other commands come between two of its own.
void arrive(RedisNode& node, const std::shared_ptr<Exchange>& exchange, std::uint64_t start, bool loses_reply) {
  auto& simulator = Servers::current().simulator;
  if (!node.up || node.starts != start) return finish(exchange, true);
  if (node.paused) {
    node.held.push_back([&node, exchange, start, loses_reply] { arrive(node, exchange, start, loses_reply); });
    return;
  }
  auto& commands = exchange->commands;
  while (exchange->replies.size() < commands.size()) {
    exchange->replies.push_back(execute(node, commands[exchange->replies.size()]));
    if (exchange->replies.size() < commands.size() && simulator.random().chance(0.1)) {
      simulator.at(std::chrono::microseconds(200),
                   [&node, exchange, start, loses_reply] { arrive(node, exchange, start, loses_reply); });
      return;
    }
  }
  simulator.at(Servers::current().delay(), [exchange, loses_reply] { finish(exchange, loses_reply); });
}

std::pair<Passage, Milliseconds> passage_of(RedisNode& node, const std::vector<RedisCommand>& commands) {
  auto& servers = Servers::current();
  auto& random = servers.simulator.random();
  if (node.intercept) return node.intercept(servers.simulator.process(), commands);
  const auto& faults = servers.faults;
  if (random.chance(faults.redis_lost)) return {Passage::lost, {}};
  if (random.chance(faults.redis_reply_lost)) return {Passage::reply_lost, {}};
  if (random.chance(faults.redis_late)) return {Passage::late, Milliseconds(random.between(300, 12'000))};
  return {Passage::passes, {}};
}

}  // namespace

Script::Script(std::string_view name, std::string_view source) : name_(name), source_(source) {}

Problem to_problem(const RedisError&) { return refuse(Code::unavailable).error; }

Result<Done, std::string> check_redis_url(const std::string&) { return Done{}; }

struct Redis::Impl {
  RedisNode& node;
};

Redis::Redis(RedisOptions options)
    : impl_(new Impl{options.url == "cache" ? Servers::current().cache : Servers::current().queue}) {}
Redis::~Redis() = default;

RedisResult<std::vector<RedisReply>> Redis::pipeline(const std::vector<RedisCommand>& commands, Deadline deadline) {
  auto& servers = Servers::current();
  auto& simulator = servers.simulator;
  auto& node = impl_->node;
  if (commands.empty()) return std::vector<RedisReply>{};
  const auto name = name_of(commands.front());
  simulation::at_boundary(name);
  const bool linked = &node != &servers.queue || simulator.process().linked_to_queue;
  const auto [passage, late] = passage_of(node, commands);
  if (!node.up || !linked || passage == Passage::lost || deadline.passed()) {
    simulator.sleep(servers.delay());
    return away("the connection broke");
  }
  // Owners: this call and the events that deliver the commands.
  const auto exchange = std::make_shared<Exchange>();
  exchange->commands = commands;
  exchange->caller = simulator.fiber();
  const auto start = node.starts;
  const bool loses_reply = passage == Passage::reply_lost;
  // A connection that breaks leaves its late commands behind, and the server may still read them.
  simulator.at(servers.delay() + late,
               [&node, exchange, start, loses_reply] { arrive(node, exchange, start, loses_reply); });
  const auto until = simulation::elapsed_at(simulator, deadline);
  while (!exchange->answered && !exchange->broken && simulator.park(until)) continue;
  exchange->caller = nullptr;
  simulation::at_boundary(name);
  if (!exchange->answered) return away(exchange->broken ? "the connection broke" : "no reply in time");
  return std::move(exchange->replies);
}

namespace {

RedisResult<RedisReply> only(RedisResult<std::vector<RedisReply>> replies) {
  if (!replies) return fail(std::move(replies).error());
  auto& reply = replies->front();
  if (reply.kind == RedisReply::Kind::error) return fail(RedisError{true, std::move(reply.text)});
  return std::move(reply);
}

}  // namespace

RedisResult<RedisReply> Redis::command(Arguments arguments, Deadline deadline) {
  return only(pipeline({{std::move(arguments), nullptr, {}}}, deadline));
}

RedisResult<RedisReply> Redis::eval(const Script& script, Arguments keys, Arguments arguments, Deadline deadline) {
  return only(pipeline({{std::move(arguments), &script, std::move(keys)}}, deadline));
}

RedisState Redis::state(Deadline) { return {impl_->node.up ? "" : "it does not answer", {}}; }

void Redis::require_durability() {}

RedisResult<std::string> Redis::weakness(Deadline) { return std::string(); }

}  // namespace mm::storage
